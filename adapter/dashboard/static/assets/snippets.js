// Settings and code for clients. They name $API_ACCESS_TOKEN; no page ever holds the token itself.

const model = "gpt-4o";

/** What stands for the token. */
export const tokenName = "$API_ACCESS_TOKEN";

/**
 * The clients in order. base ends in /v1, root is the address before it. A client has an id, a name, and parts:
 * { step: key } a sentence, { fields: [[label, value]] } settings to copy, { code, file? } text to copy.
 */
export function clients(base, root) {
  return [
    { id: "curl", name: "curl", parts: [{ code: curl(base) }] },
    { id: "python", name: "Python", parts: [{ step: "connect.install", code: "pip install openai" }, { code: python(base), file: "chat.py" }] },
    { id: "javascript", name: "JavaScript", parts: [{ step: "connect.install", code: "npm install openai" }, { code: javascript(base), file: "chat.mjs" }] },
    { id: "go", name: "Go", parts: [{ step: "connect.install", code: "go get github.com/openai/openai-go/v3" }, { code: golang(base), file: "main.go" }] },
    {
      id: "cherry",
      name: "Cherry Studio",
      parts: [{ step: "connect.cherry" }, { fields: [["connect.provider_type", "OpenAI"], ["connect.api_key", tokenName], ["connect.api_host", root]] }, { step: "connect.cherry_models" }],
    },
    {
      id: "openwebui",
      name: "Open WebUI",
      parts: [
        { step: "connect.openwebui" },
        { fields: [["connect.url", base], ["connect.api_key", tokenName]] },
        { step: "connect.openwebui_text" },
        { step: "connect.openwebui_env", code: openWebUI(base) },
      ],
    },
    { id: "librechat", name: "LibreChat", parts: [{ step: "connect.librechat" }, { code: libreChat(base), file: "librechat.yaml" }] },
    {
      id: "cline",
      name: "Cline",
      parts: [{ step: "connect.cline" }, { fields: [["connect.api_provider", "OpenAI Compatible"], ["connect.base_url", base], ["connect.api_key", tokenName], ["connect.model_id", model]] }, { step: "connect.cline_text" }],
    },
    { id: "continue", name: "Continue", parts: [{ step: "connect.continue" }, { code: continueDev(base), file: "config.yaml" }, { step: "connect.continue_text" }] },
  ];
}

/** A call through a private Space, whose gate takes the Authorization header for itself. */
export function privateSpace(base) {
  return `curl ${base}/models \\
  -H "Authorization: Bearer $HF_TOKEN" \\
  -H "x-api-key: $API_ACCESS_TOKEN"`;
}

function curl(base) {
  return `curl ${base}/chat/completions \\
  -H "Authorization: Bearer $API_ACCESS_TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{
    "model": "${model}",
    "messages": [{"role": "user", "content": "Hello!"}],
    "stream": true
  }'`;
}

function python(base) {
  return `import os

from openai import OpenAI

client = OpenAI(base_url="${base}", api_key=os.environ["API_ACCESS_TOKEN"])

stream = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "Hello!"}],
    stream=True,
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
print()`;
}

function javascript(base) {
  return `import OpenAI from "openai";

const client = new OpenAI({
  baseURL: "${base}",
  apiKey: process.env.API_ACCESS_TOKEN,
});

const stream = await client.chat.completions.create({
  model: "${model}",
  messages: [{ role: "user", content: "Hello!" }],
  stream: true,
});
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
}`;
}

function golang(base) {
  return `package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

func main() {
	client := openai.NewClient(
		option.WithBaseURL("${base}"),
		option.WithAPIKey(os.Getenv("API_ACCESS_TOKEN")),
	)
	stream := client.Chat.Completions.NewStreaming(context.Background(), openai.ChatCompletionNewParams{
		Model:    "${model}",
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Hello!")},
	})
	defer stream.Close()
	for stream.Next() {
		for _, choice := range stream.Current().Choices {
			fmt.Print(choice.Delta.Content)
		}
	}
	if err := stream.Err(); err != nil {
		log.Fatal(err)
	}
	fmt.Println()
}`;
}

function openWebUI(base) {
  return `OPENAI_API_BASE_URL=${base}
OPENAI_API_KEY=$API_ACCESS_TOKEN`;
}

function libreChat(base) {
  return `endpoints:
  custom:
    - name: "OnDemand"
      apiKey: "\${API_ACCESS_TOKEN}"
      baseURL: "${base}"
      models:
        default: ["${model}"]
        fetch: true
      titleConvo: true
      titleModel: "current_model"
      modelDisplayLabel: "OnDemand"`;
}

function continueDev(base) {
  return `name: OnDemand
version: 0.0.1
schema: v1
models:
  - name: ${model}
    provider: openai
    model: ${model}
    apiBase: ${base}
    apiKey: \${{ secrets.API_ACCESS_TOKEN }}
    roles:
      - chat
      - edit`;
}
