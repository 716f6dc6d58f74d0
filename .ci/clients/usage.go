// Package client uses the generated client as the OpenEM Ingestor does. A change to openapi.yaml that
// would break the Ingestor does not compile here.
package client

import (
	"context"
	"fmt"
	"net/http"
)

// As RequestExternalTransferTask does.
func request(ctx context.Context, url, token, pid, root string, archive bool, files *[]FileToTransfer) (string, error) {
	client, err := NewClient(url)
	if err != nil {
		return "", err
	}
	raw, err := client.PostTransferTask(
		ctx,
		&PostTransferTaskParams{
			SourceFacility:     "SOURCE",
			DestFacility:       "DESTINATION",
			ScicatPid:          pid,
			CollectionRootPath: root,
			AutoArchive:        &archive,
		},
		PostTransferTaskJSONRequestBody{FileList: files},
		authenticated(token),
	)
	if err != nil {
		return "", err
	}
	answer, err := ParsePostTransferTaskResponse(raw)
	if err != nil {
		return "", err
	}
	switch answer.StatusCode() {
	case 200:
		return answer.JSON200.JobId, nil
	case 400:
		return "", refusal(answer.JSON400.Message, answer.JSON400.Details)
	case 401:
		return "", refusal(answer.JSON401.Message, answer.JSON401.Details)
	case 403:
		return "", refusal(answer.JSON403.Message, answer.JSON403.Details)
	case 500:
		return "", refusal(answer.JSON500.Message, answer.JSON500.Details)
	case 503:
		return "", refusal(answer.JSON503.Message, answer.JSON503.Details)
	}
	return "", fmt.Errorf("status %d", answer.StatusCode())
}

// As CancelTask does.
func cancel(ctx context.Context, url, token, jobID string, deleteEntry bool) error {
	client, err := NewClient(url)
	if err != nil {
		return err
	}
	raw, err := client.DeleteTransferTask(ctx, jobID, &DeleteTransferTaskParams{&deleteEntry}, authenticated(token))
	if err != nil {
		return err
	}
	answer, err := ParseDeleteTransferTaskResponse(raw)
	if err != nil {
		return err
	}
	switch answer.StatusCode() {
	case 200:
		return nil
	case 400:
		return refusal(answer.JSON400.Message, answer.JSON400.Details)
	case 401:
		return refusal(answer.JSON401.Message, answer.JSON401.Details)
	case 403:
		return refusal(answer.JSON403.Message, answer.JSON403.Details)
	case 500:
		return refusal(answer.JSON500.Message, answer.JSON500.Details)
	}
	return fmt.Errorf("status %d", answer.StatusCode())
}

func authenticated(token string) RequestEditorFn {
	return func(_ context.Context, request *http.Request) error {
		request.Header.Set("SciCat-API-Key", token)
		return nil
	}
}

// The Ingestor passes both on as pointers.
func refusal(message *string, details *string) error {
	if message == nil {
		return fmt.Errorf("no message")
	}
	if details == nil {
		return fmt.Errorf("%s", *message)
	}
	return fmt.Errorf("%s %s", *message, *details)
}
