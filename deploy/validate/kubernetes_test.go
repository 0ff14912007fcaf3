package validate_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// manifests are the objects of a Kustomization, each as YAML by its kind.
func manifests(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.Fatal(err)
	}
	objects := make(map[string][]byte)
	for _, r := range built.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		objects[r.GetKind()] = text
	}
	return objects
}

// decode reads an object whose every field has to be known.
func decode[T any](t *testing.T, text []byte) T {
	t.Helper()
	var object T
	if err := yaml.UnmarshalStrict(text, &object); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return object
}

func TestTheGatewayInKubernetes(t *testing.T) {
	objects := manifests(t, "../kubernetes/base")
	if len(objects) != 3 {
		t.Errorf("the base holds %d kinds, want a deployment, a service and a claim", len(objects))
	}
	deployment := decode[apps.Deployment](t, objects["Deployment"])
	service := decode[core.Service](t, objects["Service"])
	claim := decode[core.PersistentVolumeClaim](t, objects["PersistentVolumeClaim"])
	text, err := os.ReadFile("../kubernetes/secret.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	secret := decode[core.Secret](t, text)

	pod := deployment.Spec.Template
	for name, value := range service.Spec.Selector {
		if pod.Labels[name] != value || deployment.Spec.Selector.MatchLabels[name] != value {
			t.Errorf("the service asks for the label %s=%s, which the pod has as %q", name, value, pod.Labels[name])
		}
	}
	if len(service.Spec.Selector) == 0 {
		t.Error("the service selects nothing")
	}
	container := pod.Spec.Containers[0]
	if target := service.Spec.Ports[0].TargetPort.StrVal; target != container.Ports[0].Name || container.LivenessProbe.HTTPGet.Port.StrVal != target {
		t.Errorf("the service goes to the port %s, and the container names its port %s", target, container.Ports[0].Name)
	}
	checkVolumes(t, pod.Spec, claim, secret)
	checkRights(t, pod.Spec)
	for _, variable := range container.Env {
		if from := variable.ValueFrom; from != nil {
			if _, there := secret.StringData[from.SecretKeyRef.Key]; !there || from.SecretKeyRef.Name != secret.Name {
				t.Errorf("%s comes from the key %s of %s, which the example lacks", variable.Name, from.SecretKeyRef.Key, from.SecretKeyRef.Name)
			}
		}
	}
}

// checkVolumes checks that each mount has a volume, and each volume something behind it.
func checkVolumes(t *testing.T, pod core.PodSpec, claim core.PersistentVolumeClaim, secret core.Secret) {
	t.Helper()
	if len(pod.Volumes) != len(pod.Containers[0].VolumeMounts) {
		t.Errorf("%d volumes and %d mounts", len(pod.Volumes), len(pod.Containers[0].VolumeMounts))
	}
	for _, mount := range pod.Containers[0].VolumeMounts {
		i := slices.IndexFunc(pod.Volumes, func(v core.Volume) bool { return v.Name == mount.Name })
		switch {
		case i < 0:
			t.Errorf("%s mounts nothing", mount.MountPath)
		case pod.Volumes[i].Secret != nil:
			if v := pod.Volumes[i].Secret; v.SecretName != secret.Name || secret.StringData[v.Items[0].Key] == "" || mount.SubPath != "" {
				t.Errorf("%s mounts the secret %+v, which the example is not (with a subPath no change would come through)", mount.MountPath, v)
			}
		case pod.Volumes[i].PersistentVolumeClaim == nil || pod.Volumes[i].PersistentVolumeClaim.ClaimName != claim.Name:
			t.Errorf("%s mounts %+v, which is no volume of ours", mount.MountPath, pod.Volumes[i])
		}
	}
}

// checkRights checks that the pod passes the restricted Pod Security Standard, and more.
func checkRights(t *testing.T, pod core.PodSpec) {
	t.Helper()
	is := func(value *bool, want bool) bool { return value != nil && *value == want }
	p, c := pod.SecurityContext, pod.Containers[0].SecurityContext
	if !is(p.RunAsNonRoot, true) || *p.RunAsUser != 1000 || *p.RunAsGroup != 1000 || *p.FSGroup != 1000 || p.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault {
		t.Errorf("the pod's security context is %+v", p)
	}
	if !is(c.AllowPrivilegeEscalation, false) || !is(c.ReadOnlyRootFilesystem, true) || !slices.Equal(c.Capabilities.Drop, []core.Capability{"ALL"}) {
		t.Errorf("the container's security context is %+v", c)
	}
	if !is(pod.AutomountServiceAccountToken, false) {
		t.Error("the pod holds a token for the API of Kubernetes, which it has no use for")
	}
}

func TestTheGatewayIsMonitoredInKubernetes(t *testing.T) {
	objects := manifests(t, "../kubernetes/monitoring")
	monitor := decode[monitoring.ServiceMonitor](t, objects["ServiceMonitor"])
	service := decode[core.Service](t, objects["Service"])
	for name, value := range monitor.Spec.Selector.MatchLabels {
		if service.Labels[name] != value {
			t.Errorf("the monitor asks for the label %s=%s, which the service has as %q", name, value, service.Labels[name])
		}
	}
	endpoint := monitor.Spec.Endpoints[0]
	if endpoint.Port != service.Spec.Ports[0].Name || endpoint.Path != "/metrics" {
		t.Errorf("the monitor scrapes %s of the port %s", endpoint.Path, endpoint.Port)
	}
	if credentials := endpoint.Authorization.Credentials; credentials.Name != "ondemand-proxy" || credentials.Key != "api_access_token" {
		t.Errorf("the monitor's token is %+v", credentials)
	}
	if service.Name != "ondemand-proxy" || !strings.Contains(string(objects["ServiceMonitor"]), "interval: 15s") {
		t.Error("the job is not called ondemand-proxy, or is scraped at another pace than the rules expect")
	}
}
