package config

import (
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"

	"ondemand-api-proxy/domain"
)

// DefaultAccessToken is the documented default of api_access_token. Everybody
// knows it, so using it is warned about.
const DefaultAccessToken = "sk-2api-ondemand-access-token-2025"

// Config is the effective configuration. It is a value: what Load returned never
// changes afterwards, and its slices and maps are not to be written to.
type Config struct {
	APIAccessToken     domain.Secret
	Accounts           []domain.Account // in the operator's order, none twice
	SessionTimeout     time.Duration    // > 0; session_timeout_minutes
	MaxRetries         int              // further attempts after the first
	RetryDelay         time.Duration    // base of the back-off; 0: at once
	RequestTimeout     time.Duration    // > 0
	StreamTimeout      time.Duration    // > 0
	RateLimit          int              // requests per minute and access token; 0: off
	DebugMode          bool             // see Level
	Host               string           // an IP address without brackets, or a name
	Port               int              // 0: the system chooses
	DataDir            string           // as given, so relative to the working directory
	UpstreamGatewayURL string           // scheme://host[:port], no slash at the end
	UpstreamAPIURL     string           // the same
	AccountCooldown    time.Duration    // at least 1 s
	DefaultModel       string           // empty: unknown models are refused
	// Models add to the static table, or replace its entries of the same name.
	Models            []domain.ModelMapping
	DashboardPassword domain.Secret // never empty: the access token unless set
	LogLevel          zapcore.Level // as configured; Level is what counts
	ShutdownGrace     time.Duration
	MaxBodyMiB        int
	MaxInFlight       int
	MaxQueue          int
	AccessTokens      []AccessToken // beside APIAccessToken; names and tokens are unique
	CORSOrigins       []string      // "*", or origins in lower case
	// UsageRetentionDays is how long the ledger keeps single requests.
	UsageRetentionDays int
	ModelPrices        map[string]Price // by public model name; built-in ones included
	WarmSessions       int              // per ready account
	MetricsPublic      bool
	TrustedProxies     []netip.Prefix
	AllowedNetworks    []netip.Prefix // where clients may come from; empty: everywhere
	// InSpace tells that the process runs in a Hugging Face Space, which sets SPACE_ID.
	InSpace bool

	origins map[string]string // key -> where its value comes from; absent: default
	hidden  []string          // keys of the file whose value something else overrides
	file    File
	unread  string // a file that --init has written and nobody has named; empty: there is none
}

// AccessToken is a further token that clients may use, with limits of its own.
type AccessToken struct {
	Name      string // the operator's name for it; safe to show
	Token     domain.Secret
	RateLimit *int // requests per minute, 0: off; nil: Config.RateLimit
	// TokensPerDay is how many tokens of models it may use in a day of UTC; 0: no limit.
	TokensPerDay int
	Models       []string  // public names it may use; nil: all
	Expires      time.Time // the moment it stops being valid; zero: never
}

// Price is what a model costs, in US dollars per million tokens.
type Price struct {
	In  float64 // prompt
	Out float64 // completion, reasoning included
}

// Default returns the configuration of somebody who has configured nothing.
func Default() Config {
	return Config{
		APIAccessToken:     domain.NewSecret(DefaultAccessToken),
		DashboardPassword:  domain.NewSecret(DefaultAccessToken),
		SessionTimeout:     30 * time.Minute,
		MaxRetries:         3,
		RetryDelay:         time.Second,
		RequestTimeout:     30 * time.Second,
		StreamTimeout:      120 * time.Second,
		RateLimit:          60,
		Host:               "127.0.0.1",
		Port:               5000,
		DataDir:            "data",
		UpstreamGatewayURL: "https://gateway.on-demand.io",
		UpstreamAPIURL:     "https://api.on-demand.io",
		AccountCooldown:    300 * time.Second,
		LogLevel:           zapcore.InfoLevel,
		ShutdownGrace:      30 * time.Second,
		MaxBodyMiB:         20,
		MaxInFlight:        4096,
		MaxQueue:           1024,
		UsageRetentionDays: 30,
		ModelPrices:        builtinPrices(),
		WarmSessions:       2,
	}
}

// UsesDefaultToken tells whether the access token is one that everybody knows: the documented
// default, or that of an example, which is easily copied with it.
func (c Config) UsesDefaultToken() bool { return published(c.APIAccessToken) }

// published tells whether a secret stands in the documents of this project.
func published(secret domain.Secret) bool {
	return slices.Contains([]string{DefaultAccessToken, "choose-a-long-secret-of-your-own", "another-long-secret"}, secret.Reveal())
}

// DashboardForAll tells whether whoever reaches the dashboard also knows its password: it
// stands in the documents, and other machines may reach it.
func (c Config) DashboardForAll() bool {
	return published(c.DashboardPassword) && (c.BeyondLoopback() || c.InSpace)
}

// BeyondLoopback tells whether other machines may reach the server. A name that
// is not "localhost" counts as reachable, since only the resolver knows better.
func (c Config) BeyondLoopback() bool {
	if strings.EqualFold(strings.TrimSuffix(c.Host, "."), "localhost") {
		return false
	}
	address, err := netip.ParseAddr(c.Host)
	return err != nil || !address.Unmap().IsLoopback()
}

// LocalAddress is the host and port under which this machine reaches the server.
func (c Config) LocalAddress() string {
	return net.JoinHostPort(LocalHost(c.Host), strconv.Itoa(c.Port))
}

// LocalHost is host, or the loopback address when host stands for every address of
// the machine.
func LocalHost(host string) string {
	if address, err := netip.ParseAddr(host); err == nil && address.IsUnspecified() {
		return "127.0.0.1"
	}
	return host
}

// Level is the log level in force: debug in debug mode, else log_level.
func (c Config) Level() zapcore.Level {
	if c.DebugMode {
		return zapcore.DebugLevel
	}
	return c.LogLevel
}

// MaxBodyBytes is MaxBodyMiB in bytes.
func (c Config) MaxBodyBytes() int64 { return int64(c.MaxBodyMiB) << 20 }

// UsageRetention is UsageRetentionDays as a duration, a day being 24 hours.
func (c Config) UsageRetention() time.Duration {
	return time.Duration(c.UsageRetentionDays) * 24 * time.Hour
}

// Origin tells, for a message, where the value of a key comes from.
func (c Config) Origin(key string) string {
	if origin, set := c.origins[key]; set {
		return origin
	}
	return "default"
}

// File is the configuration file that was read; its zero value says that none was.
func (c Config) File() File { return c.file }

// Format implements fmt.Formatter: whatever the verb, a Config prints as its
// redacted table, because fmt would otherwise walk into the accounts.
func (c Config) Format(f fmt.State, _ rune) {
	var text strings.Builder
	_ = c.Print(&text)
	_, _ = io.WriteString(f, text.String())
}

// complete fills in what follows from other keys, and checks what spans several.
func (c *Config) complete() error {
	if _, set := c.origins["dashboard_password"]; !set {
		c.DashboardPassword = c.APIAccessToken
		c.origins["dashboard_password"] = "api_access_token"
	}
	prices := builtinPrices()
	maps.Copy(prices, c.ModelPrices)
	c.ModelPrices = prices
	for i, t := range c.AccessTokens {
		if t.Token.Equal(c.APIAccessToken) {
			return fmt.Errorf("access_tokens from %s: access token %d (access_tokens[%d]) is the same as api_access_token, and has to differ from it",
				c.origins["access_tokens"], i+1, i)
		}
	}
	return nil
}
