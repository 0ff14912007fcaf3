package config

import (
	"net/netip"
	"time"

	"go.uber.org/zap/zapcore"

	"ondemand-api-proxy/domain"
)

// table is the one list of keys. Its order is the order of the documentation, of
// the printed table, and of which problem is reported first.
func table() []row {
	var rows []row
	for _, part := range [][]row{accessKeys(), serverKeys(), requestKeys(), upstreamKeys(), recordKeys()} {
		rows = append(rows, part...)
	}
	return rows
}

// longest bounds every time: ten times it still fits a time.Duration.
const (
	longestSeconds = 365 * 24 * 60 * 60
	longestMinutes = 365 * 24 * 60
	mostRequests   = 1_000_000
	mostTokens     = 1_000_000_000_000
)

// accessKeys say who may use the proxy, and with whose accounts.
func accessKeys() []row {
	return []row{
		define(Key{Name: "api_access_token", Env: "API_ACCESS_TOKEN", Secret: true, Live: true, Default: DefaultAccessToken, Doc: "The token that clients send; choose one of your own, since everybody knows the default."},
			func(c *Config) *domain.Secret { return &c.APIAccessToken }, token()),
		define(Key{Name: "accounts", Env: "ONDEMAND_ACCOUNTS", Secret: true, Live: true, Doc: "Your on-demand.io accounts: a list of {\"email\",\"password\"} or {\"api_key\"}, each with an optional \"name\", \"max_concurrency\" and \"requests_per_minute\"."},
			func(c *Config) *[]domain.Account { return &c.Accounts }, accounts()),
		define(Key{Name: "access_tokens", Env: "ACCESS_TOKENS", Secret: true, Live: true, Doc: "Further tokens for clients: a list of {\"name\",\"token\"}, each with an optional \"rate_limit\", \"tokens_per_day\", \"models\" and \"expires\" (a time, or a day that counts from its start in UTC)."},
			func(c *Config) *[]AccessToken { return &c.AccessTokens }, accessTokens()),
		define(Key{Name: "dashboard_password", Env: "DASHBOARD_PASSWORD", Secret: true, Live: true, Default: "the access token", Doc: "The password of the dashboard."},
			func(c *Config) *domain.Secret { return &c.DashboardPassword }, password()),
	}
}

// serverKeys say where and how the server listens.
func serverKeys() []row {
	return []row{
		define(Key{Name: "host", Env: "HOST", Flag: "host", Doc: "The address to listen on; 0.0.0.0 makes the proxy reachable from other machines."},
			func(c *Config) *string { return &c.Host }, host()),
		define(Key{Name: "port", Env: "PORT", Flag: "port", Doc: "The port to listen on; 0 lets the system choose one."},
			func(c *Config) *int { return &c.Port }, whole(0, 65535)),
		define(Key{Name: "data_dir", Env: "DATA_DIR", Doc: "The directory of the database; it is created when missing."},
			func(c *Config) *string { return &c.DataDir }, text("the path of a directory", plainText)),
		define(Key{Name: "shutdown_grace", Env: "SHUTDOWN_GRACE", Doc: "Seconds that running answers get to finish when the proxy stops."},
			func(c *Config) *time.Duration { return &c.ShutdownGrace }, duration(time.Second, 0, longestSeconds)),
		define(Key{Name: "max_body_mib", Env: "MAX_BODY_MIB", Doc: "The largest request body, in MiB."},
			func(c *Config) *int { return &c.MaxBodyMiB }, whole(1, 1024)),
		define(Key{Name: "max_in_flight", Env: "MAX_IN_FLIGHT", Doc: "Requests that are served at the same time."},
			func(c *Config) *int { return &c.MaxInFlight }, whole(1, mostRequests)),
		define(Key{Name: "max_queue", Env: "MAX_QUEUE", Doc: "Requests that may wait for a place beyond max_in_flight."},
			func(c *Config) *int { return &c.MaxQueue }, whole(0, mostRequests)),
		define(Key{Name: "cors_origins", Env: "CORS_ORIGINS", Doc: "Web origins whose pages may call the API from a browser; \"*\" allows all."},
			func(c *Config) *[]string { return &c.CORSOrigins }, corsOrigins()),
		define(Key{Name: "trusted_proxies", Env: "TRUSTED_PROXIES", Doc: "Addresses of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."},
			func(c *Config) *[]netip.Prefix { return &c.TrustedProxies }, networks()),
		define(Key{Name: "allowed_networks", Env: "ALLOWED_NETWORKS", Doc: "Networks that clients may come from; unset, from everywhere."},
			func(c *Config) *[]netip.Prefix { return &c.AllowedNetworks }, networks()),
	}
}

// requestKeys say what one request may take.
func requestKeys() []row {
	return []row{
		define(Key{Name: "rate_limit", Env: "RATE_LIMIT", Live: true, Doc: "Completion requests per minute and access token; 0 turns the limit off."},
			func(c *Config) *int { return &c.RateLimit }, whole(0, mostRequests)),
		define(Key{Name: "max_retries", Env: "MAX_RETRIES", Doc: "Further attempts after a failed first one."},
			func(c *Config) *int { return &c.MaxRetries }, whole(0, 20)),
		define(Key{Name: "retry_delay", Env: "RETRY_DELAY", Doc: "Seconds before an account is tried a second time by one request; the wait doubles, and there is none while another account is left."},
			func(c *Config) *time.Duration { return &c.RetryDelay }, duration(time.Second, 0, longestSeconds)),
		define(Key{Name: "request_timeout", Env: "REQUEST_TIMEOUT", Doc: "Seconds to wait for on-demand.io to begin its answer to a call."},
			func(c *Config) *time.Duration { return &c.RequestTimeout }, positive(time.Second, longestSeconds)),
		define(Key{Name: "stream_timeout", Env: "STREAM_TIMEOUT", Doc: "Seconds of silence after which an answer counts as dead."},
			func(c *Config) *time.Duration { return &c.StreamTimeout }, positive(time.Second, longestSeconds)),
		define(Key{Name: "session_timeout_minutes", Env: "SESSION_TIMEOUT_MINUTES", Doc: "Minutes after which an idle conversation begins a new session at on-demand.io."},
			func(c *Config) *time.Duration { return &c.SessionTimeout }, positive(time.Minute, longestMinutes)),
	}
}

// upstreamKeys say what is asked of on-demand.io.
func upstreamKeys() []row {
	return []row{
		define(Key{Name: "upstream_gateway_url", Env: "UPSTREAM_GATEWAY_URL", Doc: "Where on-demand.io signs accounts in."},
			func(c *Config) *string { return &c.UpstreamGatewayURL }, origin()),
		define(Key{Name: "upstream_api_url", Env: "UPSTREAM_API_URL", Doc: "Where on-demand.io answers everything else."},
			func(c *Config) *string { return &c.UpstreamAPIURL }, origin()),
		define(Key{Name: "account_cooldown_seconds", Env: "ACCOUNT_COOLDOWN_SECONDS", Doc: "Seconds that a rate-limited account rests when on-demand.io does not say for how long."},
			func(c *Config) *time.Duration { return &c.AccountCooldown }, duration(time.Second, 1, longestSeconds)),
		define(Key{Name: "warm_sessions", Env: "WARM_SESSIONS", Doc: "Sessions opened ahead for each account that gets more than one new conversation a minute, so that the next one starts sooner. With 0 nothing is done ahead, signing in neither."},
			func(c *Config) *int { return &c.WarmSessions }, whole(0, 100)),
		define(Key{Name: "default_model", Env: "DEFAULT_MODEL", Live: true, Doc: "The model that serves requests for unknown ones; unset, those are refused."},
			func(c *Config) *string { return &c.DefaultModel }, text("the name of a model", plainText)),
		define(Key{Name: "models", Env: "MODELS", Live: true, Doc: "Models beside the built-in ones, or instead of those of the same name: {\"name\": \"endpoint id\"}."},
			func(c *Config) *[]domain.ModelMapping { return &c.Models }, models()),
		define(Key{Name: "model_prices", Env: "MODEL_PRICES", Live: true, Doc: "US dollars per million tokens, beside or instead of the built-in prices: {\"model\": {\"in\": 2.5, \"out\": 10}}."},
			func(c *Config) *map[string]Price { return &c.ModelPrices }, prices()),
	}
}

// recordKeys say what is logged, measured and kept.
func recordKeys() []row {
	return []row{
		define(Key{Name: "log_level", Env: "LOG_LEVEL", Live: true, Doc: "The least important messages that are logged."},
			func(c *Config) *zapcore.Level { return &c.LogLevel }, logLevel()),
		define(Key{Name: "debug_mode", Env: "DEBUG_MODE", Live: true, Doc: "Logs everything, whatever log_level says."},
			func(c *Config) *bool { return &c.DebugMode }, boolean()),
		define(Key{Name: "metrics_public", Env: "METRICS_PUBLIC", Doc: "Serves /metrics without the access token."},
			func(c *Config) *bool { return &c.MetricsPublic }, boolean()),
		define(Key{Name: "usage_retention_days", Env: "USAGE_RETENTION_DAYS", Doc: "Days that single requests stay in the ledger; totals stay."},
			func(c *Config) *int { return &c.UsageRetentionDays }, whole(1, 36500)),
	}
}
