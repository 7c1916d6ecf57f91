//! Callback storage: document 003, field by field.

use ringback_model::storage::{Resend, ResendStart, Slice, SliceScope};

use super::*;

fn slice(date: &str, size: u64, retries: u32) -> Slice {
    Slice { date: date.to_owned(), size, retries, running: false, rules: vec![] }
}

#[test]
fn slices_as_the_document_prints_them() {
    let outcome = || Outcome::Slices(vec![slice("202109091440", 15, 0), slice("202109091450", 103, 1)]);
    let asked = get("/app-id/4711/callbacks/storage/info");
    assert!(matches!(decode(&asked), Ok(Command::Slices { scope: SliceScope::Service })));
    let reply = edge().encode(&asked, &Ok(outcome()), NOW);
    let text = concat!(
        r#"{"path":"/callbacks","uri":"https://im.example.test/demo-org/demo-app/callbacks/storage/info","#,
        r#""timestamp":1731000000005,"action":"post","data":[{"date":"202109091440","size":15,"retry":0},"#,
        r#"{"date":"202109091450","size":103,"retry":1}],"duration":5}"#,
    );
    assert_eq!(String::from_utf8(reply.body).unwrap(), text);
    let named = answer(&get("/demo-org/demo-app/callbacks/storage/info"), outcome());
    assert_eq!(
        (&named["organization"], &named["application"], &named["applicationName"]),
        (&json!("demo-org"), &json!(application()), &json!("demo-app"))
    );
    assert_eq!(answer(&asked, Outcome::Slices(vec![]))["data"], json!([]));
}

#[test]
fn retries_as_the_document_prints_them() {
    let body = json!({"date": "202108272230", "retry": 0, "targetUrl": "https://localhost:8000/test"});
    let started = || Ok(Outcome::Resend(ResendStart::Started(3)));
    for resource in ["callback/storage/retry", "callbacks/storage/retry"] {
        for prefix in ["/app-id/4711", "/demo-org/demo-app"] {
            let asked = post(&format!("{prefix}/{resource}"), &body);
            let wanted = Resend {
                date: "202108272230".to_owned(),
                target_url: Some("https://localhost:8000/test".to_owned()),
                rule: None,
                scope: SliceScope::Service,
            };
            assert!(matches!(decode(&asked), Ok(Command::ResendSlice(order)) if order == wanted));
            let reply = edge().encode(&asked, &started(), NOW);
            let text = format!(
                concat!(
                    r#"{{"path":"/callbacks","uri":"https://im.example.test/demo-org/demo-app/{}","#,
                    r#""timestamp":1731000000005,"organization":"demo-org","application":"{}","action":"post","#,
                    r#""data":"success","duration":5,"applicationName":"demo-app"}}"#,
                ),
                resource,
                application()
            );
            assert_eq!(String::from_utf8(reply.body).unwrap(), text);
        }
    }
    let asked = post("/app-id/4711/callbacks/storage/retry", &body);
    for (start, told) in [
        (ResendStart::Started(0), "success"),
        (ResendStart::Running, "failure"),
        (ResendStart::Banned, "failure"),
    ] {
        assert_eq!(answer(&asked, Outcome::Resend(start))["data"], json!(told));
    }
}

#[test]
fn what_is_wrong_with_a_retry() {
    let asked = |body: &Value| post("/app-id/4711/callback/storage/retry", body);
    let form = |date: &str| format!("date [{date}] is not of the form yyyyMMddHHmm");
    let body = "Request body is invalid. Please check body is correct.";
    for (wanted, error, text) in [
        (json!({}), "illegal_argument", "date must be provided".to_owned()),
        (json!({"date": ""}), "illegal_argument", "date must be provided".to_owned()),
        (json!({"date": "20210827223"}), "illegal_argument", form("20210827223")),
        (json!({"date": "2021082722300"}), "illegal_argument", form("2021082722300")),
        (json!({"date": "2021-08-2722"}), "illegal_argument", form("2021-08-2722")),
        (json!({"date": 202_108_272_230_u64}), "invalid_request_body", body.to_owned()),
        (json!({"date": "202108272230", "retry": -1}), "invalid_request_body", body.to_owned()),
        (json!({"date": "202108272230", "retry": "0"}), "invalid_request_body", body.to_owned()),
        (json!({"date": "202108272230", "targetUrl": 7}), "invalid_request_body", body.to_owned()),
        (json!(["202108272230"]), "invalid_request_body", body.to_owned()),
    ] {
        assert_eq!(rejected(&asked(&wanted)), (400, error.to_owned(), text), "{wanted}");
    }
    for without in [json!({"date": "202108272230"}), json!({"date": "202108272230", "targetUrl": ""})] {
        let read = decode(&asked(&without));
        assert!(matches!(read, Ok(Command::ResendSlice(Resend { target_url: None, .. }))), "{without}");
    }
}
