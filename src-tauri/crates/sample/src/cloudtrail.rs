//! CloudTrail log files of the account that runs the platform's backups: real in form, unsigned.

use chrono::{DateTime, Days, SecondsFormat, TimeDelta, Utc};

use crate::cast::{STRANGER_ADDRESS, STRANGER_AGENT};
use crate::chance::{Chance, Rhythm};
use crate::json::Json;
use crate::{SPAN, START};

/// An account id that AWS uses in its documentation.
pub(crate) const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-central-1";

#[derive(Clone, Copy)]
struct Call {
    service: &'static str,
    name: &'static str,
    read: bool,
}

const fn call(service: &'static str, name: &'static str, read: bool) -> Call {
    Call {
        service,
        name,
        read,
    }
}

const CALLS: [(u64, Call); 10] = [
    (26, call("s3.amazonaws.com", "ListBuckets", true)),
    (18, call("s3.amazonaws.com", "GetBucketVersioning", true)),
    (14, call("sts.amazonaws.com", "GetCallerIdentity", true)),
    (14, call("sts.amazonaws.com", "AssumeRole", true)),
    (10, call("backup.amazonaws.com", "StartBackupJob", false)),
    (
        8,
        call(
            "backup.amazonaws.com",
            "ListRecoveryPointsByBackupVault",
            true,
        ),
    ),
    (4, call("signin.amazonaws.com", "ConsoleLogin", false)),
    (
        3,
        call("secretsmanager.amazonaws.com", "GetSecretValue", true),
    ),
    (2, call("ec2.amazonaws.com", "RunInstances", false)),
    (1, call("ec2.amazonaws.com", "TerminateInstances", false)),
];

/// A log file: its name and its text.
pub(crate) struct LogFile {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) records: u64,
}

/// What in these files belongs to the story: (time, event name, event id).
pub(crate) type Notable = (DateTime<Utc>, &'static str, String);

/// One file a week, with about `count` events over all.
pub(crate) fn files(count: usize) -> (Vec<LogFile>, Vec<Notable>) {
    let mut chance = Chance::new("cloudtrail");
    let mut events: Vec<(DateTime<Utc>, Json)> = Vec::with_capacity(count + 4);
    for at in chance.moments(count, SPAN, Rhythm::Machine) {
        let what = chance.weighted(&CALLS);
        let user = *chance.pick(&["backup-runner", "backup-runner", "inventory", "operator"]);
        let address = format!("192.0.2.{}", 60 + chance.below(12));
        let mut json = event(
            &mut chance,
            at,
            what,
            user,
            &address,
            "aws-cli/2.31.0 md/awscrt#0.27.6",
        );
        if chance.percent(3) {
            json.set("/errorCode", "AccessDenied");
        }
        events.push((at, json));
    }
    let mut notable = Vec::new();
    for (minutes, service, name) in [
        (0, "signin.amazonaws.com", "ConsoleLogin"),
        (3, "s3.amazonaws.com", "ListBuckets"),
        (6, "iam.amazonaws.com", "CreateAccessKey"),
        (11, "cloudtrail.amazonaws.com", "StopLogging"),
    ] {
        // 28 October, 02:47 UTC.
        let at = START + TimeDelta::days(35) + TimeDelta::minutes(167 + minutes);
        let what = call(service, name, name == "ListBuckets");
        let mut json = event(
            &mut chance,
            at,
            what,
            "operator",
            STRANGER_ADDRESS,
            STRANGER_AGENT,
        );
        match name {
            "CreateAccessKey" => json.set("/requestParameters/userName", "backup-runner"),
            "StopLogging" => {
                json.set("/requestParameters/name", "platform-trail");
                json.set("/errorCode", "AccessDenied");
            }
            _ => {}
        }
        if let Json::Object(members) = &json
            && let Some((_, Json::Written(id))) = members.iter().find(|(name, _)| name == "eventID")
        {
            notable.push((at, name, id.trim_matches('"').to_owned()));
        }
        events.push((at, json));
    }
    events.sort_by_key(|(at, _)| *at);
    let mut files = Vec::new();
    let mut week = START;
    while week < SPAN.1 {
        let end = week + Days::new(7);
        let of_week: Vec<Json> = events
            .iter()
            .filter(|(at, _)| (week..end).contains(at))
            .map(|(_, json)| json.clone())
            .collect();
        let records = of_week.len() as u64;
        let token = chance.hex(16).to_uppercase();
        let stamp = end.format("%Y%m%dT%H%MZ");
        files.push(LogFile {
            name: format!("{ACCOUNT}_CloudTrail_{REGION}_{stamp}_{token}.json"),
            text: Json::object().with("/Records", Json::List(of_week)).text(),
            records,
        });
        week = end;
    }
    (files, notable)
}

/// A log file of ordinary calls in the hour from `start` on.
pub(crate) fn calls(
    chance: &mut Chance,
    account: &str,
    region: &str,
    start: DateTime<Utc>,
    count: i32,
) -> String {
    let events = (0..count).map(|number| {
        let what = call("s3.amazonaws.com", "ListBuckets", true);
        let at = start + TimeDelta::minutes(7) * number;
        let mut json = event(
            chance,
            at,
            what,
            "inventory",
            "192.0.2.61",
            "aws-cli/2.31.0",
        );
        json.set("/awsRegion", region);
        json.set("/recipientAccountId", account);
        json.set("/userIdentity/accountId", account);
        json
    });
    let events = events.collect();
    Json::object().with("/Records", Json::List(events)).text()
}

fn event(
    chance: &mut Chance,
    at: DateTime<Utc>,
    what: Call,
    user: &str,
    address: &str,
    agent: &str,
) -> Json {
    let principal = format!("AIDAEXAMPLE{}", user.replace('-', "").to_uppercase());
    let mut json = Json::object()
        .with("/eventVersion", "1.11")
        .with("/userIdentity/type", "IAMUser")
        .with("/userIdentity/principalId", principal)
        .with(
            "/userIdentity/arn",
            format!("arn:aws:iam::{ACCOUNT}:user/{user}"),
        )
        .with("/userIdentity/accountId", ACCOUNT)
        .with("/userIdentity/userName", user)
        .with("/eventTime", at.to_rfc3339_opts(SecondsFormat::Secs, true))
        .with("/eventSource", what.service)
        .with("/eventName", what.name)
        .with("/awsRegion", REGION)
        .with("/sourceIPAddress", address)
        .with("/userAgent", agent);
    if what.name != "ConsoleLogin" {
        // The access key of AWS's documentation.
        json.set("/userIdentity/accessKeyId", "AKIAIOSFODNN7EXAMPLE");
    }
    json.set("/requestParameters", Json::null());
    if what.name == "ConsoleLogin" {
        json.set("/responseElements/ConsoleLogin", "Success");
        json.set(
            "/additionalEventData/MFAUsed",
            if address == STRANGER_ADDRESS {
                "No"
            } else {
                "Yes"
            },
        );
    } else {
        json.set("/responseElements", Json::null());
    }
    json.with("/requestID", chance.uuid())
        .with("/eventID", chance.uuid())
        .with("/readOnly", what.read)
        .with(
            "/eventType",
            if what.name == "ConsoleLogin" {
                "AwsConsoleSignIn"
            } else {
                "AwsApiCall"
            },
        )
        .with("/managementEvent", true)
        .with("/recipientAccountId", ACCOUNT)
        .with("/eventCategory", "Management")
}
