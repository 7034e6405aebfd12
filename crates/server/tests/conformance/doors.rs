//! The doors beside tools as a client meets them through the real socket, in both eras: what the suite does not look at,
//! first of all what is refused. The fixtures' entries stand behind them.

#![expect(clippy::indexing_slicing, reason = "what is not there in an answer is null, and then not as it must be")]

use aegis_testkit::{Event, Events, Gateway, Reply};
use serde_json::{Value, json};

use crate::Failure;

const MODERN: &str = "2026-07-28";

/// Two people before a gateway with fixtures.
pub(crate) struct Scene<'a> {
    pub(crate) gateway: &'a mut Gateway,
    pub(crate) alice: String,
    pub(crate) bob: String,
    /// The policy file in force, which the scene may change.
    pub(crate) policy: std::path::PathBuf,
}

/// Everything below, in order.
///
/// # Errors
/// What was not as it must be.
pub(crate) async fn check(scene: &mut Scene<'_>) -> Result<(), Failure> {
    resources_prompts_and_completions_answer(scene).await?;
    r05_a_missing_scope_is_a_real_403_at_every_door(scene).await?;
    what_is_not_there_has_the_code_of_its_revision(scene).await?;
    a_question_in_rounds_is_answered_declined_and_kept_to_its_person(scene).await?;
    a_question_within_a_session_is_answered_and_declined(scene).await?;
    who_cannot_be_asked_is_told_so(scene).await?;
    a_listener_hears_what_it_asked_for(scene).await?;
    k04_a_listener_whose_key_is_revoked_hears_nothing_more(scene).await?;
    a_listener_hears_of_a_reloaded_policy(scene).await?;
    listeners_have_places_of_their_own_and_end_with_the_gateway(scene).await
}

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(what().into()) }
}

fn same(came: &Value, wanted: &Value, answer: &Reply) -> Result<(), Failure> {
    ensure(came == wanted, || format!("{came} is not {wanted}: {} {}", answer.status, answer.text))
}

impl Scene<'_> {
    /// A request of 2026-07-28, of a client that has forms unless `can` says otherwise.
    fn modern(&self, key: &str, method: &str, params: &Value, can: &Value) -> reqwest::RequestBuilder {
        let mut params = params.clone();
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientCapabilities": can,
        });
        let name = params.get("name").or(params.get("uri")).and_then(Value::as_str).unwrap_or_default().to_owned();
        let body = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
        let request = reqwest::Client::new().post(format!("{}/mcp", self.gateway.url())).bearer_auth(key);
        let request = request.header("mcp-protocol-version", MODERN).header("mcp-method", method).json(&body);
        if name.is_empty() { request } else { request.header("mcp-name", name) }
    }

    async fn ask(&self, key: &str, method: &str, params: Value) -> Result<Reply, Failure> {
        read(self.modern(key, method, &params, &json!({"elicitation": {}}))).await
    }

    /// A request of an older revision outside sessions.
    async fn older(&self, key: &str, method: &str, params: Value) -> Result<Reply, Failure> {
        let body = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
        self.gateway.post("/mcp", Some(key), &body).await
    }

    /// Opens a session of a client with these capabilities; its name.
    async fn session(&self, can: Value) -> Result<String, Failure> {
        let client = json!({"name": "test", "version": "1"});
        let params = json!({"protocolVersion": "2025-11-25", "capabilities": can, "clientInfo": client});
        let answer = self.older(&self.alice, "initialize", params).await?;
        let told = answer.json();
        let can = &told["result"]["capabilities"];
        ensure(can["prompts"].is_object() && can["completions"].is_object(), || answer.text.clone())?;
        Ok(answer.header("mcp-session-id").to_owned())
    }

    fn within(&self, session: &str, body: &Value) -> reqwest::RequestBuilder {
        let request = reqwest::Client::new().post(format!("{}/mcp", self.gateway.url())).bearer_auth(&self.alice);
        request.header("mcp-session-id", session).header("mcp-protocol-version", "2025-11-25").json(body)
    }

    async fn listen(&self, key: &str, notifications: Value) -> Result<Events, Failure> {
        let params = json!({"notifications": notifications});
        let answer = self.modern(key, "subscriptions/listen", &params, &json!({})).send().await?;
        ensure(answer.status() == 200, || format!("listening was answered {}", answer.status()))?;
        Ok(Events::of(answer))
    }

    async fn trigger(&self, what: &str) -> Result<(), Failure> {
        let call = json!({"name": format!("test_trigger_{what}_change"), "arguments": {}});
        let answer = self.ask(&self.alice, "tools/call", call).await?;
        ensure(answer.status == 200, || answer.text)
    }
}

async fn read(request: reqwest::RequestBuilder) -> Result<Reply, Failure> {
    let answer = request.send().await?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    Ok(Reply { status, headers, text: answer.text().await? })
}

fn method(event: &Event) -> String {
    event.json()["method"].as_str().unwrap_or_default().to_owned()
}

async fn resources_prompts_and_completions_answer(scene: &Scene<'_>) -> Result<(), Failure> {
    let read = scene.ask(&scene.alice, "resources/read", json!({"uri": "test://static-text"})).await?;
    let contents = &read.json()["result"]["contents"][0];
    same(&contents["text"], &json!("This is the content of the static text resource."), &read)?;
    same(&read.json()["result"]["cacheScope"], &json!("private"), &read)?;
    let read = scene.older(&scene.alice, "resources/read", json!({"uri": "test://static-binary"})).await?;
    let contents = &read.json()["result"]["contents"][0];
    ensure(contents["blob"].is_string() && contents["mimeType"] == "image/png", || read.text.clone())?;
    let read = scene.ask(&scene.alice, "resources/read", json!({"uri": "test://template/a%20b/data"})).await?;
    let contents = &read.json()["result"]["contents"][0];
    let text: Value = serde_json::from_str(contents["text"].as_str().unwrap_or_default())?;
    same(&text["id"], &json!("a b"), &read)?;
    ensure(contents["_meta"]["untrusted"].is_string() && text.get("untrusted").is_none(), || read.text.clone())?;

    let wanted = json!({"name": "test_prompt_with_arguments", "arguments": {"arg1": "x", "arg2": "y"}});
    let got = scene.older(&scene.alice, "prompts/get", wanted).await?;
    let says = &got.json()["result"]["messages"][0]["content"]["text"];
    same(says, &json!("Prompt with arguments: arg1='x', arg2='y'"), &got)?;
    let lacking = scene.ask(&scene.alice, "prompts/get", json!({"name": "test_prompt_with_arguments"})).await?;
    same(&lacking.json()["error"]["code"], &json!(-32602), &lacking)?;

    let wanted = |argument: &str| {
        json!({"ref": {"type": "ref/prompt", "name": "test_prompt_with_arguments"},
            "argument": {"name": argument, "value": "test-value-2"}})
    };
    let completed = scene.ask(&scene.alice, "completion/complete", wanted("arg1")).await?;
    same(&completed.json()["result"]["completion"]["values"], &json!(["test-value-2"]), &completed)?;
    let strange = scene.ask(&scene.alice, "completion/complete", wanted("arg3")).await?;
    same(&strange.json()["error"]["code"], &json!(-32602), &strange)
}

async fn r05_a_missing_scope_is_a_real_403_at_every_door(scene: &Scene<'_>) -> Result<(), Failure> {
    let argument = json!({"name": "arg2", "value": ""});
    let of = json!({"type": "ref/prompt", "name": "test_prompt_with_arguments"});
    for (method, params) in [
        ("resources/read", json!({"uri": "test://guarded"})),
        ("prompts/get", json!({"name": "guarded"})),
        ("completion/complete", json!({"ref": of, "argument": argument})),
    ] {
        for answer in
            [scene.ask(&scene.alice, method, params.clone()).await?, scene.older(&scene.alice, method, params).await?]
        {
            let challenge = answer.header("www-authenticate");
            let asks = challenge.contains("insufficient_scope") && challenge.contains("write:repository");
            ensure(answer.status == 403 && asks, || format!("{method}: {} {}", answer.status, answer.text))?;
            let error = &answer.json()["error"];
            same(&json!([error["code"], error["data"]["code"]]), &json!([-32603, "insufficient_scope"]), &answer)?;
        }
    }
    Ok(())
}

async fn what_is_not_there_has_the_code_of_its_revision(scene: &Scene<'_>) -> Result<(), Failure> {
    for uri in ["test://nothing", "test://template/none/data", "gitea://acme/tools"] {
        let modern = scene.ask(&scene.alice, "resources/read", json!({"uri": uri})).await?;
        let error = &modern.json()["error"];
        same(&json!([error["code"], error["data"]["uri"]]), &json!([-32602, uri]), &modern)?;
        let older = scene.older(&scene.alice, "resources/read", json!({"uri": uri})).await?;
        same(&older.json()["error"]["code"], &json!(-32002), &older)?;
    }
    let unknown = scene.ask(&scene.alice, "prompts/get", json!({"name": "nothing"})).await?;
    same(&unknown.json()["error"]["code"], &json!(-32602), &unknown)
}

async fn a_question_in_rounds_is_answered_declined_and_kept_to_its_person(scene: &Scene<'_>) -> Result<(), Failure> {
    let tool = "test_input_required_result_multi_round";
    let call = |state: &Value, replies: Value| {
        let mut params = json!({"name": tool, "arguments": {}, "inputResponses": replies});
        if state.is_string() {
            params["requestState"] = state.clone();
        }
        params
    };
    let name = json!({"step1": {"action": "accept", "content": {"name": "Ada"}}});
    let first = scene.ask(&scene.alice, "tools/call", call(&Value::Null, json!({}))).await?;
    let asked = &first.json()["result"];
    same(&asked["resultType"], &json!("input_required"), &first)?;
    same(&asked["inputRequests"]["step1"]["method"], &json!("elicitation/create"), &first)?;
    let second = scene.ask(&scene.alice, "tools/call", call(&asked["requestState"], name.clone())).await?;
    let state = second.json()["result"]["requestState"].clone();
    let colour = json!({"step2": {"action": "accept", "content": {"color": "blue"}}});
    let end = scene.ask(&scene.alice, "tools/call", call(&state, colour.clone())).await?;
    same(&end.json()["result"]["structuredContent"]["text"], &json!("Ada likes blue"), &end)?;
    let declined = scene.ask(&scene.alice, "tools/call", call(&state, json!({"step2": {"action": "decline"}}))).await?;
    same(&declined.json()["result"]["structuredContent"]["text"], &json!("Ada likes nobody"), &declined)?;

    let tampered = json!(format!("{}x", state.as_str().unwrap_or_default()));
    for (key, state) in [(&scene.bob, &state), (&scene.alice, &tampered)] {
        let refused = scene.ask(key, "tools/call", call(state, colour.clone())).await?;
        let error = &refused.json()["error"];
        same(&json!([error["code"], error["data"]["code"]]), &json!([-32602, "request_state_refused"]), &refused)?;
    }
    let mut other = call(&asked["requestState"], name);
    other["name"] = json!("test_input_required_result_elicitation");
    let refused = scene.ask(&scene.alice, "tools/call", other).await?;
    same(&refused.json()["error"]["code"], &json!(-32602), &refused)
}

async fn a_question_within_a_session_is_answered_and_declined(scene: &Scene<'_>) -> Result<(), Failure> {
    let session = scene.session(json!({"elicitation": {}})).await?;
    let content = json!({"username": "ada", "email": "ada@example.org"});
    let accepted = json!({"action": "accept", "content": content});
    let refused = json!({"action": "accept", "content": {"username": "ada"}});
    for (reply, wanted) in [
        (accepted, format!("User response: action=accept, content={content}")),
        (json!({"action": "decline"}), "User response: action=decline, content={}".to_owned()),
        (refused, "invalid_argument".to_owned()),
    ] {
        let params = json!({"name": "test_elicitation", "arguments": {"message": "Who are you?"}});
        let call = json!({"jsonrpc": "2.0", "id": 8, "method": "tools/call", "params": params});
        let mut events = Events::of(scene.within(&session, &call).send().await?);
        let question = events.next().await?.json();
        let shown = (&question["method"], &question["params"]["message"]);
        ensure(shown == (&json!("elicitation/create"), &json!("Who are you?")), || question.to_string())?;
        let required = &question["params"]["requestedSchema"]["required"];
        ensure(*required == json!(["username", "email"]), || question.to_string())?;
        let answer = json!({"jsonrpc": "2.0", "id": question["id"], "result": reply});
        let taken = read(scene.within(&session, &answer)).await?;
        ensure(taken.status == 202, || format!("the answer was answered {}", taken.status))?;
        let end = events.next().await?.json();
        let text = end["result"]["content"][0]["text"].as_str().unwrap_or_default();
        ensure(text.contains(&wanted), || format!("{end}"))?;
    }
    Ok(())
}

async fn who_cannot_be_asked_is_told_so(scene: &Scene<'_>) -> Result<(), Failure> {
    let params = json!({"name": "test_elicitation", "arguments": {"message": "Who are you?"}});
    let modern = read(scene.modern(&scene.alice, "tools/call", &params, &json!({}))).await?;
    let error = &modern.json()["error"];
    same(
        &json!([error["code"], error["data"]["requiredCapabilities"]]),
        &json!([-32021, {"elicitation": {}}]),
        &modern,
    )?;
    ensure(modern.status == 400, || modern.text.clone())?;
    let session = scene.session(json!({})).await?;
    let call = json!({"jsonrpc": "2.0", "id": 8, "method": "tools/call", "params": params});
    let end = Events::of(scene.within(&session, &call).send().await?).next().await?.json();
    let text = end["result"]["content"][0]["text"].as_str().unwrap_or_default();
    ensure(end["result"]["isError"] == true && text.contains("cannot_ask"), || end.to_string())?;
    let alone = scene.older(&scene.alice, "tools/call", params).await?;
    ensure(alone.json()["result"]["isError"] == true && alone.text.contains("cannot_ask"), || alone.text.clone())
}

async fn a_listener_hears_what_it_asked_for(scene: &Scene<'_>) -> Result<(), Failure> {
    let watched = "test://watched-resource";
    let mut prompts = scene.listen(&scene.alice, json!({"promptsListChanged": true})).await?;
    let mut resource = scene.listen(&scene.alice, json!({"resourceSubscriptions": [watched]})).await?;
    for events in [&mut prompts, &mut resource] {
        let first = events.next().await?;
        ensure(method(&first) == "notifications/subscriptions/acknowledged", || first.data.clone())?;
    }
    // The watched resource is read before anything is passed on, so its listener may still be on its way.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    for what in ["tool", "resource", "prompt"] {
        scene.trigger(what).await?;
    }
    let heard = prompts.next().await?;
    ensure(method(&heard) == "notifications/prompts/list_changed", || heard.data.clone())?;
    let heard = resource.next().await?;
    let params = &heard.json()["params"];
    let tagged = params["_meta"]["io.modelcontextprotocol/subscriptionId"] == 7;
    ensure(params["uri"] == watched && tagged, || heard.data.clone())?;

    let mut nothing = scene.listen(&scene.alice, json!({"resourceSubscriptions": ["test://nothing"]})).await?;
    nothing.next().await?;
    let end = nothing.next().await?.json();
    ensure(end["error"]["code"] == -32602, || end.to_string())
}

async fn k04_a_listener_whose_key_is_revoked_hears_nothing_more(scene: &Scene<'_>) -> Result<(), Failure> {
    let mut events = scene.listen(&scene.bob, json!({"promptsListChanged": true})).await?;
    events.next().await?;
    let listed: Value = serde_json::from_str(&scene.gateway.command(&["key", "list", "--json"], "")?.stdout)?;
    let keys = listed["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
    let id = keys.iter().find(|key| key["owner"] == "bob").and_then(|key| key["id"].as_str()).unwrap_or_default();
    let revoked = scene.gateway.command(&["key", "revoke", id], "")?;
    ensure(revoked.status == Some(0), || format!("{listed} {}", revoked.stderr))?;
    scene.trigger("prompt").await?;
    let end = events.next().await?;
    ensure(end.json()["result"].is_object(), || format!("a revoked key heard {}", end.data))
}

async fn a_listener_hears_of_a_reloaded_policy(scene: &mut Scene<'_>) -> Result<(), Failure> {
    let all = "[[rule]]\nid = \"all\"\neffect = \"allow\"\nwho = [\"*\"]\nrepositories = [\"*\"]\npaths = [\"**\"]\n";
    let mut events =
        scene.listen(&scene.alice, json!({"toolsListChanged": true, "resourcesListChanged": true})).await?;
    events.next().await?;
    std::fs::write(&scene.policy, format!("{all}tools = [\"get_me\"]\n"))?;
    scene.gateway.signal("HUP")?;
    let heard = [method(&events.next().await?), method(&events.next().await?)];
    let wanted = ["notifications/tools/list_changed", "notifications/resources/list_changed"];
    ensure(heard == wanted, || format!("{heard:?}"))?;
    let refused = scene.ask(&scene.alice, "resources/read", json!({"uri": "test://static-text"})).await?;
    same(&refused.json()["error"]["code"], &json!(-32602), &refused)?;
    let listed = scene.ask(&scene.alice, "resources/list", json!({})).await?;
    same(&listed.json()["result"]["resources"], &json!([]), &listed)?;
    std::fs::write(&scene.policy, format!("{all}tools = [\"*\"]\n"))?;
    scene.gateway.signal("HUP")?;
    events.next().await?;
    let back = scene.ask(&scene.alice, "resources/read", json!({"uri": "test://static-text"})).await?;
    ensure(back.json()["result"]["contents"].is_array(), || back.text.clone())
}

async fn listeners_have_places_of_their_own_and_end_with_the_gateway(scene: &mut Scene<'_>) -> Result<(), Failure> {
    let wish = json!({"promptsListChanged": true});
    let mut open = Vec::new();
    for _ in 0..16 {
        let mut events = scene.listen(&scene.alice, wish.clone()).await?;
        events.next().await?;
        open.push(events);
    }
    let params = json!({"notifications": wish});
    let over = read(scene.modern(&scene.alice, "subscriptions/listen", &params, &json!({}))).await?;
    same(&over.json()["error"]["data"]["code"], &json!("too_many_at_once"), &over)?;
    ensure(over.status == 429, || over.text.clone())?;
    let called = scene.ask(&scene.alice, "tools/call", json!({"name": "get_me", "arguments": {}})).await?;
    ensure(called.json()["result"]["structuredContent"]["login"] == "alice", || called.text.clone())?;
    // Whoever hangs up leaves the place to another.
    open.clear();
    let mut last = Err("no place became free".into());
    for _ in 0..50 {
        last = scene.listen(&scene.alice, wish.clone()).await;
        if last.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let mut last = last?;
    last.next().await?;
    scene.gateway.signal("TERM")?;
    let ended = scene.gateway.wait_for_end()?;
    ensure(ended == Some(0), || format!("the gateway ended with {ended:?} while somebody listened"))?;
    let answer = last.next().await?.json();
    ensure(answer["result"]["resultType"] == "complete", || format!("a listener was ended by {answer}"))?;
    ensure(last.next().await.is_err(), || "the stream outlived the gateway".to_owned())
}
