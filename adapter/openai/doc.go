// Package openai translates between OpenAI's wire format and the domain: requests
// in (FromX), answers, chunks, models and errors out (ToX, and FromError for the
// envelope). It knows HTTP only as far as a stream needs somewhere to write to.
//
// The format is that of OpenAI's published specification, version 2.3.0; the tests
// hold every document made here against it. reasoning_content, which the
// specification lacks, follows what clients of reasoning models read.
package openai
