package validate_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// load reads compose.yaml as Docker Compose does.
func load(t *testing.T, settings string, profiles ...string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions(
		[]string{"../compose.yaml"},
		cli.WithEnvFiles(settings), cli.WithDotEnv, cli.WithProfiles(profiles), cli.WithInterpolation(true), cli.WithResolvedPaths(true),
	)
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func TestComposeTakesItsFileWithSettingsOfOnesOwn(t *testing.T) {
	settings := filepath.Join(t.TempDir(), "settings.env")
	example, err := os.ReadFile("../env.example")
	if err != nil {
		t.Fatal(err)
	}
	filled := string(example) + "\nAPI_ACCESS_TOKEN=sk-of-the-test\nGRAFANA_PASSWORD=secret\nPUBLISH=0.0.0.0:8080\nSETTINGS=" + settings + "\n"
	if err := os.WriteFile(settings, []byte(filled), 0o600); err != nil {
		t.Fatal(err)
	}
	project := load(t, settings)
	if names := project.ServiceNames(); !slices.Equal(names, []string{"grafana", "ondemand-proxy", "prometheus"}) {
		t.Errorf("the services are %q", names)
	}
	if project.Name != "ondemand-api-proxy" {
		t.Errorf("the project is called %q", project.Name)
	}
	gateway := project.Services["ondemand-proxy"]
	for name, want := range map[string]string{
		"API_ACCESS_TOKEN": "sk-of-the-test", "PORT": "7860", "HOST": "0.0.0.0",
		"ONDEMAND_ACCOUNTS": `[{"email":"you@example.org","password":"your-password"},{"api_key":"your-api-key"}]`,
	} {
		if got := gateway.Environment[name]; got == nil || *got != want {
			t.Errorf("%s is %v, want %s", name, got, want)
		}
	}
	if p := gateway.Ports; len(p) != 1 || p[0].Published != "8080" || p[0].HostIP != "0.0.0.0" || p[0].Target != 7860 {
		t.Errorf("the ports are %+v, want 0.0.0.0:8080 for 7860", p)
	}
	if secret := project.Secrets["api_access_token"]; secret.Environment != "API_ACCESS_TOKEN" || secret.Content != "sk-of-the-test" {
		t.Errorf("Prometheus gets the secret %+v, want the gateway's token", secret)
	}
}

func TestComposeTakesItsFileWithTheDemo(t *testing.T) {
	project := load(t, "../demo.env", "demo")
	if names := project.ServiceNames(); !slices.Equal(names, []string{"grafana", "ondemand-proxy", "ondemand-sim", "prometheus"}) {
		t.Errorf("the services are %q", names)
	}
	if project.Name != "ondemand-api-proxy-demo" {
		t.Errorf("the demo is the project %q: it would share the volumes of the real one", project.Name)
	}
	if url := project.Services["ondemand-proxy"].Environment["UPSTREAM_API_URL"]; url == nil || *url != "http://ondemand-sim:5100" {
		t.Errorf("the gateway of the demo asks %v, want the simulator", url)
	}
}
