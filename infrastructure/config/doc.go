// Package config turns a configuration file, the environment and the command
// line into one typed, validated Config. A single table of keys says how each is
// named, read, checked, shown and described; everything else follows from it.
package config
