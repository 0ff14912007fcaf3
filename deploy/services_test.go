package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ondemand-api-proxy/infrastructure/config"
)

func TestTheSystemdUnitStartsReloadsAndStopsTheProgram(t *testing.T) {
	text := readFile(t, "systemd/ondemand-proxy.service")
	for _, line := range []string{
		"ExecStart=/usr/local/bin/ondemand-proxy serve", "ExecReload=/bin/kill -HUP $MAINPID", "TimeoutStopSec=40", "Restart=on-failure",
		"User=ondemand-proxy", "StateDirectory=ondemand-proxy", "EnvironmentFile=-/etc/ondemand-proxy/environment", "ProtectSystem=strict",
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("the unit lacks %s", line)
		}
	}
	var names []string
	for _, found := range regexp.MustCompile(`(?m)^Environment=([A-Z_]+)=`).FindAllStringSubmatch(text, -1) {
		names = append(names, found[1])
	}
	checkVariables(t, "the unit", names)
	if !strings.Contains(text, "\nEnvironment=DATA_DIR=/var/lib/ondemand-proxy\n") {
		t.Error("the program does not write into its StateDirectory, the only place where it may")
	}
}

// deployment is the part of it that has to agree with the program.
type deployment struct {
	Spec struct {
		Replicas int
		Strategy struct{ Type string }
		Template struct {
			Spec struct {
				Grace      int `json:"terminationGracePeriodSeconds"`
				Containers []struct {
					Image        string
					Env          []struct{ Name, Value string }
					Ports        []struct{ ContainerPort int }
					VolumeMounts []struct{ Name, MountPath string }
					Startup      probe `json:"startupProbe"`
					Liveness     probe `json:"livenessProbe"`
					Readiness    probe `json:"readinessProbe"`
				}
			}
		}
	}
}

type probe struct {
	HTTPGet struct{ Path, Port string }
}

func TestTheKubernetesDeploymentAgreesWithTheProgram(t *testing.T) {
	var d deployment
	decodeYAMLAs(t, readFile(t, "kubernetes/base/deployment.yaml"), &d, false)
	pod := d.Spec.Template.Spec
	if d.Spec.Replicas != 1 || d.Spec.Strategy.Type != "Recreate" || pod.Grace != stopSeconds || len(pod.Containers) != 1 {
		t.Fatalf("the deployment has %d replicas, strategy %q, %d s to stop and %d containers", d.Spec.Replicas, d.Spec.Strategy.Type, pod.Grace, len(pod.Containers))
	}
	c := pod.Containers[0]
	var names []string
	for _, variable := range c.Env {
		names = append(names, variable.Name)
	}
	checkVariables(t, "the deployment", names)
	if len(c.Ports) != 1 || c.Ports[0].ContainerPort != 7860 {
		t.Errorf("the ports are %v, want the image's 7860", c.Ports)
	}
	if c.Startup.HTTPGet.Path != "/healthz" || c.Liveness.HTTPGet.Path != "/healthz" || c.Readiness.HTTPGet.Path != "/readyz" {
		t.Errorf("the probes ask %q, %q and %q", c.Startup.HTTPGet.Path, c.Liveness.HTTPGet.Path, c.Readiness.HTTPGet.Path)
	}
}

func TestTheSecretOfKubernetesHoldsAConfigurationThatLoads(t *testing.T) {
	var secret struct{ StringData map[string]string }
	decodeYAMLAs(t, readFile(t, "kubernetes/secret.example.yaml"), &secret, false)
	file := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(file, []byte(secret.StringData["config.json"]), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.Source{Environ: []string{"CONFIG_FILE=" + file, "API_ACCESS_TOKEN=" + secret.StringData["api_access_token"]}})
	if err != nil || len(cfg.Accounts) != 2 || cfg.APIAccessToken.Reveal() == config.DefaultAccessToken {
		t.Errorf("the secret gives %d accounts and %v, want one of each kind and a token", len(cfg.Accounts), err)
	}
}
