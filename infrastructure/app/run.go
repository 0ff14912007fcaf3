package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/fx"

	"ondemand-api-proxy/infrastructure/logging"
)

// startTimeout bounds the start; stopMargin is what stopping may take beyond the grace
// that running answers get.
const (
	startTimeout = 30 * time.Second
	stopMargin   = 10 * time.Second
)

// errServing is why Run ends when the server stopped by itself; the log has the cause.
var errServing = errors.New("the server stopped serving")

// Run serves until ctx ends, and then stops as gently as the configuration asks. The
// error is one sentence about why the service could not start or go on.
func Run(ctx context.Context, settings Settings) (err error) {
	if err := CheckConfig(settings.Config); err != nil {
		return err
	}
	if settings.Demo {
		stop, err := settings.startDemo(ctx)
		if err != nil {
			return err
		}
		defer stop()
	}
	ctx, settings.fail = context.WithCancelCause(ctx)
	defer settings.fail(nil)
	if !settings.LogForPeople {
		buffer := logging.NewBuffer(settings.Log)
		settings.Log = buffer
		defer buffer.Stop()
	}
	settings.opening = open(context.WithoutCancel(ctx), settings.Config.DataDir)
	defer func() { err = errors.Join(err, settings.opening.end()) }()
	service := fx.New(options(settings))
	if err := service.Err(); err != nil {
		return fmt.Errorf("cannot put the service together: %w", rootCause(err))
	}
	// An end that comes while the service starts waits for it, so that it stops as cleanly as ever.
	start, cancel := context.WithTimeout(context.WithoutCancel(ctx), startTimeout)
	defer cancel()
	if err := service.Start(start); err != nil {
		return err
	}
	<-ctx.Done() // not service.Wait(): it listens to the process's signals, which are the program's
	if errors.Is(context.Cause(ctx), errServing) {
		err = errServing
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), settings.Config.ShutdownGrace+stopMargin)
	defer cancel()
	return errors.Join(err, service.Stop(stop))
}

// rootCause is what a constructor itself complained about, without fx's own words.
func rootCause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
