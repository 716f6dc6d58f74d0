"""What globus-sdk-python expects of Globus, asked of the emulator.

Started by .ci/globus-sdk-python with the emulator's address and world as JSON on standard input. Prints
one line for each check, and exits with 1 if one of them fails.
"""

import json
import sys
import time
import traceback

import globus_sdk
from globus_sdk.scopes import AuthScopes, GCSCollectionScopes, GCSEndpointScopes, TransferScopes

WORLD = json.load(sys.stdin)
SOURCE, DESTINATION, VIRTUAL = WORLD["source"], WORLD["destination"], WORLD["virtual"]
FOLDER = WORLD["folder"]

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


auth = globus_sdk.ConfidentialAppAuthClient(WORLD["clientId"], WORLD["clientSecret"])


def tokens(*scopes):
    return auth.oauth2_client_credentials_tokens(requested_scopes=list(scopes))


def transfer_scope(*collections):
    scope = TransferScopes.all
    for collection in collections:
        dependency = GCSCollectionScopes(collection).data_access.with_optional(True)
        scope = scope.with_dependency(dependency)
    return scope


def client():
    token = tokens(transfer_scope(SOURCE, DESTINATION, VIRTUAL))
    by_server = token.by_resource_server["transfer.api.globus.org"]
    return globus_sdk.TransferClient(
        authorizer=globus_sdk.AccessTokenAuthorizer(by_server["access_token"])
    )


transfer = client()


def names(listing):
    return [entry["name"] for entry in listing]


def fails(status, code, call):
    try:
        call()
    except globus_sdk.GlobusAPIError as error:
        assert (error.http_status, error.code) == (status, code), (error.http_status, error.code)
        assert FOLDER not in error.text, error.text
        return error
    raise AssertionError("It did not fail.")


def submitted(destination, path="/data/", **options):
    data = globus_sdk.TransferData(SOURCE, DESTINATION, **options)
    data.add_item(path, destination, recursive=path.endswith("/"))
    return transfer.submit_transfer(data)["task_id"]


def copied(destination, **options):
    task_id = submitted(destination, **options)
    assert transfer.task_wait(task_id, timeout=20, polling_interval=1)
    return task_id


# --- Globus Auth


@check
def a_token_for_several_services():
    wanted = [
        AuthScopes.openid,
        AuthScopes.profile,
        AuthScopes.email,
        AuthScopes.view_identity_set,
        TransferScopes.all,
        GCSEndpointScopes(WORLD["endpoint"]).manage_collections,
    ]
    servers = tokens(*wanted).by_resource_server
    assert set(servers) == {"auth.globus.org", "transfer.api.globus.org", WORLD["endpoint"]}, servers


@check
def an_unknown_scope_fails_the_whole_request():
    fails(400, "UNKNOWN_SCOPE_ERROR", lambda: tokens(TransferScopes.all, "urn:no:such:scope"))
    guest = GCSCollectionScopes(WORLD["guest"]).data_access
    fails(400, "UNKNOWN_SCOPE_ERROR", lambda: tokens(guest))


@check
def a_token_can_be_introspected_and_revoked():
    token = tokens(TransferScopes.all)["access_token"]
    facts = auth.post("/v2/oauth2/token/introspect", data={"token": token}, encoding="form")
    assert facts["active"] and facts["sub"] == WORLD["clientId"], facts
    auth.oauth2_revoke_token(token)
    facts = auth.post("/v2/oauth2/token/introspect", data={"token": token}, encoding="form")
    assert facts["active"] is False, facts
    revoked = globus_sdk.TransferClient(authorizer=globus_sdk.AccessTokenAuthorizer(token))
    fails(401, "AuthenticationFailed", lambda: revoked.task_list())


@check
def a_client_can_ask_who_it_is():
    token = tokens(AuthScopes.openid, AuthScopes.view_identity_set)["access_token"]
    own = globus_sdk.AuthClient(authorizer=globus_sdk.AccessTokenAuthorizer(token))
    assert own.userinfo()["sub"] == WORLD["clientId"]
    other = globus_sdk.AuthClient(authorizer=globus_sdk.AccessTokenAuthorizer("none"))
    fails(401, "UNAUTHORIZED", other.userinfo)


@check
def a_client_app_logs_in_by_itself():
    with globus_sdk.ClientApp(
        "contract",
        client_id=WORLD["clientId"],
        client_secret=WORLD["clientSecret"],
        config=globus_sdk.GlobusAppConfig(token_storage="memory"),
    ) as app:
        own = globus_sdk.TransferClient(app=app).add_app_data_access_scope(SOURCE)
        assert names(own.operation_ls(SOURCE, path="/data/")), "It lists nothing."


# --- files


@check
def ls_shows_a_folder():
    listing = transfer.operation_ls(SOURCE, path="/data/")
    assert names(listing) == [".hidden", "a.txt", "b.dat", "c.txt", "sub"], names(listing)
    assert (listing["endpoint"], listing["path"]) == (SOURCE, "/data/")
    entry = next(entry for entry in listing if entry["name"] == "b.dat")
    assert (entry["type"], entry["size"]) == ("file", 2000), entry
    assert names(transfer.operation_ls(SOURCE, path="/data/", show_hidden=False))[0] == "a.txt"


@check
def ls_filters():
    def listed(*filters):
        wanted = filters[0] if len(filters) == 1 else list(filters)
        return names(transfer.operation_ls(SOURCE, path="/data/", filter=wanted))

    assert listed("name:~*.txt") == ["a.txt", "c.txt"]
    assert listed("name:!~*.txt") == [".hidden", "b.dat", "sub"]
    assert listed("name:=b.dat") == ["b.dat"]
    assert listed("name:b.dat") == ["b.dat"]
    assert listed("name:!=b.dat") == listed("name:!b.dat")
    assert listed("name:a.txt,c.txt") == ["a.txt", "c.txt"]
    assert listed({"type": "dir"}) == ["sub"]
    assert listed("type:file/name:~*.txt") == ["a.txt", "c.txt"]
    assert listed("size:2000") == ["b.dat"]
    assert listed({"last_modified": ["", "2001-01-01"]}) == ["c.txt"]
    assert listed({"last_modified": ["2001-01-01", ""]}) == [".hidden", "a.txt", "b.dat", "sub"]
    # Several filters: what passes one of them. The CLI lists recursively this way.
    assert listed({"type": "dir"}, {"name": "~a*"}) == ["a.txt", "sub"]
    assert listed("") == [".hidden", "a.txt", "b.dat", "c.txt", "sub"]
    fails(400, "ClientError.BadRequest", lambda: listed("no_such_field:1"))


@check
def ls_orders():
    def listed(orderby):
        return names(transfer.operation_ls(SOURCE, path="/data/", orderby=orderby))

    assert listed("name DESC") == ["sub", "c.txt", "b.dat", "a.txt", ".hidden"]
    assert listed(["type", "name DESC"]) == ["sub", "c.txt", "b.dat", "a.txt", ".hidden"]
    assert listed("size DESC")[0] in ("b.dat", "sub")
    assert listed("last_modified")[0] == "c.txt"
    fails(400, "ClientError.BadRequest", lambda: listed("no_such_field"))


@check
def ls_pages():
    listing = transfer.operation_ls(SOURCE, path="/data/", limit=2, offset=1, filter="type:file")
    assert names(listing) == ["a.txt", "b.dat"], names(listing)


@check
def ls_of_a_file_or_of_nothing_tells_nothing_about_the_machine():
    fails(502, "ExternalError.DirListingFailed.NotDirectory", lambda: transfer.operation_ls(SOURCE, path="/data/a.txt"))
    fails(502, "ExternalError.DirListingFailed.NotDirectory", lambda: transfer.operation_ls(SOURCE, path="/data/a.txt/"))
    fails(404, "NotFound", lambda: transfer.operation_ls(SOURCE, path="/nothing/"))
    fails(404, "NotFound", lambda: transfer.operation_stat(SOURCE, path="/nothing"))
    fails(404, "EndpointNotFound", lambda: transfer.operation_ls(WORLD["clientId"], path="/"))


@check
def stat_mkdir_and_rename():
    assert transfer.operation_stat(SOURCE, path="/data/b.dat")["size"] == 2000
    assert transfer.operation_mkdir(DESTINATION, "/made")["code"] == "DirectoryCreated"
    fails(502, "ExternalError.MkdirFailed.Exists", lambda: transfer.operation_mkdir(DESTINATION, "/made"))
    assert transfer.operation_rename(DESTINATION, oldpath="/made", newpath="/moved")["code"] == "FileRenamed"
    assert transfer.operation_stat(DESTINATION, path="/moved")["type"] == "dir"
    fails(404, "NotFound", lambda: transfer.operation_stat(DESTINATION, path="/made"))
    fails(404, "NotFound", lambda: transfer.operation_rename(DESTINATION, oldpath="/made", newpath="/x"))


@check
def a_collection_is_described():
    facts = transfer.get_endpoint(SOURCE)
    assert (facts["id"], facts["entity_type"]) == (SOURCE, "GCSv5_mapped_collection")
    fails(404, "EndpointNotFound", lambda: transfer.get_endpoint(WORLD["clientId"]))


# --- tasks


@check
def a_transfer_is_copied_and_tells_which_files():
    task_id = copied("/one/", label="one")
    task = transfer.get_task(task_id)
    assert (task["status"], task["files_transferred"], task["is_ok"]) == ("SUCCEEDED", 5, None), task
    files = list(transfer.task_successful_transfers(task_id))
    assert {file["DATA_TYPE"] for file in files} == {"successful_transfer"}
    assert sorted(file["destination_path"] for file in files) == [
        f"/one/{name}" for name in (".hidden", "a.txt", "b.dat", "c.txt", "sub/d.txt")
    ], files
    pages = transfer.paginated.task_successful_transfers(task_id)
    assert len(list(pages.items())) == 5
    assert list(transfer.task_skipped_errors(task_id)) == []
    assert list(transfer.paginated.task_skipped_errors(task_id).items()) == []


@check
def many_files_come_in_pages():
    task_id = copied("/many/", path="/many/")
    items = list(transfer.paginated.task_successful_transfers(task_id).items())
    assert len({item["source_path"] for item in items}) == WORLD["many"], len(items)


@check
def a_task_that_runs_has_no_list_of_files_yet():
    task_id = submitted("/never", path="/nothing")
    fails(400, "ClientError.BadRequest", lambda: transfer.task_successful_transfers(task_id))
    assert transfer.cancel_task(task_id)["code"] in ("Canceled", "CancelAccepted")
    assert transfer.task_wait(task_id, timeout=20, polling_interval=1)
    assert transfer.get_task(task_id)["status"] == "FAILED"


@check
def events_can_be_filtered_or_not():
    task_id = copied("/events/")
    events = list(transfer.task_event_list(task_id))
    assert {event["code"] for event in events} >= {"STARTED", "SUCCEEDED"}, events
    for wanted in ("", "is_error:0"):
        found = transfer.task_event_list(task_id, query_params={"filter": wanted})
        assert len(list(found)) == len(events), wanted
    assert not list(transfer.task_event_list(task_id, query_params={"filter": "is_error:1"}))
    assert len(list(transfer.task_event_list(task_id, limit=1))) == 1


@check
def the_same_submission_is_the_same_task():
    data = globus_sdk.TransferData(SOURCE, DESTINATION)
    data["submission_id"] = transfer.get_submission_id()["value"]
    data.add_item("/data/a.txt", "/twice/a.txt")
    first, second = transfer.submit_transfer(data), transfer.submit_transfer(data)
    assert (first["code"], second["code"]) == ("Accepted", "Duplicate")
    assert first["task_id"] == second["task_id"]


@check
def tasks_are_listed_by_their_facts():
    task_id = copied("/listed/", label="to be listed")
    for wanted in (
        {"task_id": task_id},
        {"label": "=to be listed"},
        {"label": "~TO BE*"},
        {"task_id": task_id, "status": ["SUCCEEDED", "FAILED"], "type": "TRANSFER"},
        {"task_id": task_id, "request_time": ["2020-01-01", ""]},
    ):
        listed = [task["task_id"] for task in transfer.task_list(filter=wanted)]
        assert listed == [task_id], (wanted, listed)
    assert list(transfer.task_list(filter=""))
    assert len(list(transfer.task_list(limit=1, orderby="request_time DESC"))) == 1


@check
def a_task_can_be_changed_until_it_ends():
    task_id = submitted("/changed", path="/nothing")
    deadline = "2030-01-01 00:00:00"
    answer = transfer.update_task(task_id, {"DATA_TYPE": "task", "label": "new", "deadline": deadline})
    assert answer["code"] == "Updated", answer
    task = transfer.get_task(task_id)
    assert (task["label"], task["deadline"][:4]) == ("new", "2030"), task
    assert transfer.task_pause_info(task_id)["pause_rules"] == []
    transfer.cancel_task(task_id)


@check
def a_deletion_removes_a_folder():
    # The emulator deletes empty folders only, so that nobody loses data.
    transfer.operation_mkdir(DESTINATION, "/to be removed")
    data = globus_sdk.DeleteData(DESTINATION, recursive=True)
    data.add_item("/to be removed/")
    task_id = transfer.submit_delete(data)["task_id"]
    assert transfer.task_wait(task_id, timeout=20, polling_interval=1)
    assert transfer.get_task(task_id)["type"] == "DELETE"
    fails(404, "NotFound", lambda: transfer.operation_stat(DESTINATION, path="/to be removed"))


@check
def an_unknown_task_is_not_found():
    for call in (transfer.get_task, transfer.cancel_task, transfer.task_event_list, transfer.task_successful_transfers):
        fails(404, "ClientError.NotFound", lambda: call(WORLD["clientId"]))


def main():
    failed = 0
    for function in CHECKS:
        started = time.monotonic()
        try:
            function()
            word = "ok"
        except Exception:
            failed += 1
            word = "FAILED"
            traceback.print_exc(file=sys.stdout)
        print(f"{word:6} {function.__name__.replace('_', ' ')} ({time.monotonic() - started:.1f} s)")
    print(f"{len(CHECKS) - failed} of {len(CHECKS)} checks passed")
    sys.exit(1 if failed else 0)


main()
