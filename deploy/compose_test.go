package deploy_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// compose is what compose.yaml may hold.
type compose struct {
	Name     string
	Hardened any `json:"x-hardened"`
	Services map[string]composeService
	Secrets  map[string]struct{ Environment string }
	Volumes  map[string]any
}

type composeService struct {
	Image string
	Build struct {
		Context, Dockerfile, Target string
		Args                        map[string]string
	}
	Command, Profiles, Ports, Volumes, Secrets []string
	DependsOn                                  []string `json:"depends_on"`
	EnvFile                                    []string `json:"env_file"`
	Environment                                map[string]string
	User, Restart                              string
	ReadOnly                                   bool     `json:"read_only"`
	CapDrop                                    []string `json:"cap_drop"`
	SecurityOpt                                []string `json:"security_opt"`
	StopGracePeriod                            string   `json:"stop_grace_period"`
	Logging                                    struct{ Driver string }
	Healthcheck                                struct {
		Test              []string
		Interval, Timeout string
		StartPeriod       string `json:"start_period"`
		Retries           int
	}
}

func readCompose(t *testing.T) compose {
	t.Helper()
	return decodeYAML[compose](t, readFile(t, "compose.yaml"))
}

func TestEveryServiceOfComposeIsHardenedAndStopsInTime(t *testing.T) {
	services := readCompose(t).Services
	if names := slices.Sorted(maps.Keys(services)); !slices.Equal(names, []string{"grafana", "ondemand-proxy", "ondemand-sim", "prometheus"}) {
		t.Errorf("the services are %q", names)
	}
	for name, s := range services {
		if s.StopGracePeriod != "40s" {
			t.Errorf("%s gets %q to stop, want 40s", name, s.StopGracePeriod)
		}
		if !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) || s.Restart != "unless-stopped" {
			t.Errorf("%s is not hardened, or not started again: %+v", name, s)
		}
		if _, version, _ := strings.Cut(s.Image, ":"); s.Build.Context == "" && !regexp.MustCompile(`^v?\d+\.\d+\.\d+$`).MatchString(version) {
			t.Errorf("%s runs %q, want an image with a version", name, s.Image)
		}
		if ours := s.Build.Context != ""; ours && (s.User != "1000:1000" || !s.ReadOnly || s.Build.Context != ".." || s.Build.Dockerfile != "deploy/Dockerfile") {
			t.Errorf("%s is not built from the project, or runs with more rights than it needs: %+v", name, s)
		}
		for _, port := range s.Ports {
			if !regexp.MustCompile(`^\$\{PUBLISH[A-Z_]*:-127\.0\.0\.1:\d+\}:\d+$`).MatchString(port) {
				t.Errorf("%s publishes %s, want only this machine to reach it unless told otherwise", name, port)
			}
		}
	}
}

func TestEverythingThatComposeMountsIsThere(t *testing.T) {
	c := readCompose(t)
	for name, s := range c.Services {
		for _, volume := range s.Volumes {
			source, _, _ := strings.Cut(volume, ":")
			if !strings.HasPrefix(source, ".") {
				if _, declared := c.Volumes[source]; !declared {
					t.Errorf("%s mounts the volume %s, which is not declared", name, source)
				}
				continue
			}
			if _, err := os.Stat(source); err != nil || !strings.HasSuffix(volume, ":ro") {
				t.Errorf("%s mounts %s: it is not there (%v), or not read-only", name, volume, err)
			}
		}
		for _, secret := range s.Secrets {
			if c.Secrets[secret].Environment == "" {
				t.Errorf("%s takes the secret %s, which is not declared", name, secret)
			}
		}
	}
}

// What Prometheus and Grafana are told about each other and the gateway holds in compose.yaml.
func TestPrometheusAndGrafanaFindWhatTheyNeed(t *testing.T) {
	c := readCompose(t)
	scrape := decodeYAML[struct {
		Global, RuleFiles any
		Rules             []string `json:"rule_files"`
		Scrape            []struct {
			Job           string `json:"job_name"`
			Authorization struct {
				Type string
				File string `json:"credentials_file"`
			}
			Static []struct{ Targets []string } `json:"static_configs"`
		} `json:"scrape_configs"`
	}](t, readFile(t, "prometheus/prometheus.yml"))
	if target := scrape.Scrape[0].Static[0].Targets[0]; target != "ondemand-proxy:7860" || c.Services["ondemand-proxy"].Environment["PORT"] != "7860" {
		t.Errorf("Prometheus scrapes %s", target)
	}
	secret := strings.TrimPrefix(scrape.Scrape[0].Authorization.File, "/run/secrets/")
	if !slices.Contains(c.Services["prometheus"].Secrets, secret) || c.Secrets[secret].Environment != "API_ACCESS_TOKEN" {
		t.Errorf("Prometheus reads the token from %s, which is not put there", scrape.Scrape[0].Authorization.File)
	}
	mounted := strings.Join(c.Services["prometheus"].Volumes, " ")
	for _, file := range append(scrape.Rules, "prometheus.yml") {
		if !strings.Contains(mounted, ":/etc/prometheus/"+file+":ro") {
			t.Errorf("%s is not mounted for Prometheus", file)
		}
	}
	sources := readFile(t, "grafana/provisioning/datasources/prometheus.yml")
	if !strings.Contains(sources, "url: http://prometheus:9090") {
		t.Error("Grafana does not ask the service prometheus")
	}
	folder := regexp.MustCompile(`path: (\S+)`).FindStringSubmatch(readFile(t, "grafana/provisioning/dashboards/ondemand-api-proxy.yml"))[1]
	grafana := c.Services["grafana"]
	if !slices.Contains(grafana.Volumes, "./grafana/dashboards:"+folder+":ro") {
		t.Errorf("the dashboards are not mounted in %s", folder)
	}
	home := grafana.Environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
	if _, err := os.Stat(strings.Replace(home, folder, "grafana/dashboards", 1)); err != nil {
		t.Errorf("the home of Grafana is no dashboard: %v", err)
	}
}

// variablesOfCompose are those that compose.yaml itself looks at.
func variablesOfCompose(t *testing.T) []string {
	t.Helper()
	names := []string{"COMPOSE_PROJECT_NAME"}
	for _, found := range regexp.MustCompile(`\$\{([A-Z_]+)`).FindAllStringSubmatch(readFile(t, "compose.yaml"), -1) {
		names = append(names, found[1])
	}
	return names
}

func TestTheSettingsForComposeAreKnown(t *testing.T) {
	checkVariables(t, "compose.yaml", slices.Collect(maps.Keys(readCompose(t).Services["ondemand-proxy"].Environment)))
	for _, file := range []string{"env.example", "demo.env"} {
		checkVariables(t, file, slices.Collect(maps.Keys(readEnvironment(t, file, true))), variablesOfCompose(t)...)
	}
	example := readEnvironment(t, "env.example", true)
	for _, secret := range []string{"API_ACCESS_TOKEN", "GRAFANA_PASSWORD"} {
		if value, there := example[secret]; !there || value != "" {
			t.Errorf("env.example has %s=%s, want a place for a secret of one's own", secret, value)
		}
	}
	example["API_ACCESS_TOKEN"] = "filled-in"
	if cfg := loads(t, example); len(cfg.Accounts) != 2 {
		t.Errorf("env.example has %d accounts, want one of each kind", len(cfg.Accounts))
	}
}

func TestTheDemoSignsInAtTheSimulator(t *testing.T) {
	demo := readEnvironment(t, "demo.env", false)
	cfg := loads(t, demo)
	known := ondemandtest.DefaultAccounts()
	if len(cfg.Accounts) != len(known) {
		t.Fatalf("demo.env has %d accounts, and the simulator %d", len(cfg.Accounts), len(known))
	}
	for i, account := range cfg.Accounts {
		c := account.Credential()
		if c.Email().Reveal() != known[i].Email || c.Password().Reveal() != known[i].Password || c.Key().Reveal() != known[i].Key {
			t.Errorf("account %d of demo.env is not the simulator's", i+1)
		}
	}
	if demo["SETTINGS"] != "demo.env" || cfg.UsesDefaultToken() {
		t.Error("demo.env does not name itself as settings, or leaves the token as it is")
	}
	simulator := readCompose(t).Services["ondemand-sim"]
	if cfg.UpstreamAPIURL != "http://ondemand-sim:5100" || cfg.UpstreamGatewayURL != cfg.UpstreamAPIURL {
		t.Errorf("the gateway of the demo asks %s and %s", cfg.UpstreamGatewayURL, cfg.UpstreamAPIURL)
	}
	if simulator.Build.Target != "simulator" || !slices.Equal(simulator.Profiles, []string{"demo"}) || len(simulator.Ports) > 0 {
		t.Errorf("the simulator is %+v", simulator)
	}
}
