package app

import (
	"fmt"
	"net"
	"strings"

	"go.uber.org/zap"

	"ondemand-api-proxy/infrastructure/config"
)

// greet tells a person where everything is, and what to look after.
func (p *parts) greet() {
	address := p.Server.Addr().String()
	base := "http://" + address
	if host, port, err := net.SplitHostPort(address); err == nil {
		base = "http://" + net.JoinHostPort(config.LocalHost(host), port)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "ondemand-api-proxy %s\n\n", p.Settings.Version)
	fmt.Fprintf(&text, "  API        %s/v1\n", base)
	fmt.Fprintf(&text, "  Dashboard  %s/\n", base)
	fmt.Fprintf(&text, "  Accounts   %d\n", len(p.Config.Accounts))
	if p.Settings.Demo {
		text.WriteString("\nDEMO: there is no real model behind this, and no account of yours is used. Answers come from a simulator.\n")
		p.Log.Warn("demo mode: answers come from a simulator, not from on-demand.io")
	}
	for _, warning := range p.Config.Warnings() {
		fmt.Fprintf(&text, "\nWARNING: %s\n", warning)
		if !p.Settings.LogForPeople { // a person sees the greeting beside the log, and wants no line twice
			p.Log.Warn(warning)
		}
	}
	for _, sentence := range p.Config.Hidden() {
		p.Log.Warn(sentence)
	}
	p.Log.Info("listening", zap.String("address", address), zap.Int("accounts", len(p.Config.Accounts)), zap.String("version", p.Settings.Version))
	text.WriteString("\n")
	if _, err := p.Settings.Out.Write([]byte(text.String())); err != nil {
		p.Log.Warn("the greeting could not be written", zap.Error(err))
	}
}
