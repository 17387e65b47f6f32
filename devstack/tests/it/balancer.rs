//! The product's own HAProxy configuration, in front of two ingress processes and a notifier.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use devstack::audit::{Auditor, audit};
use devstack::guarded::Guarded;
use devstack::ports::PortLease;
use devstack::process::Process;
use devstack::{Answer, Http, Live, OpenSale, Shopper, Stack, until};
use futures_util::StreamExt;
use futures_util::future::try_join_all;
use futures_util::stream::FuturesUnordered;

/// HAProxy asks for health every second, and believes the second "no".
const NOTICED: Duration = Duration::from_secs(10);

/// Who buys while a replica dies, and how many of them are served by then: fewer than the other
/// replica serves alone. Stock is left.
const CROWD: usize = 200;
const BOUGHT_BEFORE: usize = 40;
const STOCK: u32 = 300;

/// Longer than the story, should HAProxy not be stopped by it.
const LIFE: Duration = Duration::from_secs(120);

#[tokio::test]
async fn a_sale_goes_on_behind_the_balancer_while_a_replica_is_killed() -> Result<()> {
    let Some(haproxy) = devstack::install::haproxy() else {
        // `cargo verify` says so where people see it.
        eprintln!("left out: haproxy is not installed");
        return Ok(());
    };
    let stack = Stack::builder().ingress(2).start().await?;
    let sale = stack.open_sale(&OpenSale::of(STOCK)).await?;
    let way_in = PortLease::any()?;
    let balancer = start(&haproxy, &stack, &way_in)?;
    let url = format!("http://{}", way_in.addr());
    let http = Http::new();
    until("the balancer finds both replicas", NOTICED, async || {
        let answer = http.get(&format!("{url}/v1/sales/{sale}")).await;
        Ok(answer.ok().filter(|answer| answer.status == 200))
    })
    .await?;

    try_join_all((0..20).map(|_| buy_and_watch(&url, &sale))).await?;
    let accepted = [
        accepted(stack.ingress(0)).await?,
        accepted(stack.ingress(1)).await?,
    ];
    ensure!(
        accepted.iter().all(|count| *count > 0),
        "only one replica sold: {accepted:?}"
    );

    // A replica stops in the middle of a rush, holds what comes to it meanwhile, and dies.
    let crowd = try_join_all((0..CROWD).map(|_| Shopper::guest(&url))).await?;
    let buy = async |shopper| (shopper, buy_with_one_retry(shopper, &sale).await);
    let (rush, later) = crowd.split_at(CROWD / 2);
    let mut buying: FuturesUnordered<_> = rush.iter().map(buy).collect();
    let mut bought = vec![buying.next().await.context("nobody buys")?];
    stack.ingress(1).pause().await?;
    buying.extend(later.iter().map(buy));
    while bought.len() < BOUGHT_BEFORE {
        bought.push(buying.next().await.context("everybody is done")?);
    }
    stack.ingress(1).kill().await?;
    bought.extend(buying.collect::<Vec<_>>().await);
    let mut accepted = Vec::new();
    let mut retried = 0;
    for (shopper, outcome) in bought {
        let (answer, tries) = outcome?;
        retried += usize::from(tries > 1);
        accepted.push((shopper, answer));
    }
    ensure!(retried > 0, "the replica died without an answer to give");

    // No accepted ticket is lost, whichever replica gave it, and the books are right.
    let everywhere = [url];
    let learning = accepted
        .into_iter()
        .map(async |(shopper, answer)| shopper.seen_through(&everywhere, answer).await);
    let attempts = try_join_all(learning).await?;
    let auditor = Auditor::of(&stack).await?;
    let findings = audit(&auditor.history(sale.parse()?, attempts).await?);
    ensure!(findings.is_clean() && findings.is_whole(), "{findings:?}");
    ensure!(findings.accepted == CROWD, "{findings:?}");
    balancer.stop()?;
    stack.stop().await
}

/// A replica that dies takes at most one answer with it: the balancer finds the other one for the next.
/// The answer, and how often it took to get it.
async fn buy_with_one_retry(shopper: &Shopper, sale: &str) -> Result<(Answer, u32)> {
    let first = shopper.buy(sale, Some("mine")).await;
    match first {
        Ok(answer) if answer.status == 202 => Ok((answer, 1)),
        failed => {
            let answer = shopper.buy(sale, Some("mine")).await?;
            ensure!(answer.status == 202, "{failed:?}, then {answer:?}");
            Ok((answer, 2))
        }
    }
}

async fn buy_and_watch(url: &str, sale: &str) -> Result<()> {
    let shopper = Shopper::guest(url).await?;
    let answer = shopper.buy(sale, None).await?;
    ensure!(answer.status == 202, "{} {}", answer.status, answer.body);
    let ticket = answer.text("ticket").context("a ticket")?;
    let mut live = Live::connect(&format!("{}/v1/live", url.replace("http", "ws"))).await?;
    live.watch(&[ticket]).await?;
    live.result_of(ticket).await?;
    Ok(())
}

/// Purchases a replica accepted, by its own count.
async fn accepted(ingress: &Process) -> Result<u64> {
    let metrics = Http::new()
        .get(&format!("{}/metrics", ingress.health_url()))
        .await?;
    let text = metrics.body.as_str().context("metrics are text")?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("ingress_accepted_total "));
    Ok(line.unwrap_or("0").parse()?)
}

fn start(haproxy: &Path, stack: &Stack, way_in: &PortLease) -> Result<Guarded> {
    let mut command = Command::new(haproxy);
    command
        .args(["-db", "-f"])
        .arg(devstack::places::workspace().join("ingress/haproxy.cfg"))
        .env("LISTEN", way_in.addr().to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    for (name, process) in [
        ("INGRESS_1", stack.ingress(0)),
        ("INGRESS_2", stack.ingress(1)),
        ("NOTIFIER_1", stack.notifier(0)),
    ] {
        let health = process.health_url();
        let port = health.rsplit(':').next().context("a port")?;
        command
            .env(name, process.addr().to_string())
            .env(format!("{name}_HEALTH"), port);
    }
    Guarded::spawn(command, LIFE)
}
