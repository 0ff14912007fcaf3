// Package validate_test holds the files of this folder against the types of those who read
// them: Compose, Kustomize, Kubernetes and the Prometheus operator. It is a module of its
// own, so that the program does not depend on any of theirs.
package validate_test
