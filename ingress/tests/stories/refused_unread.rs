//! A purchase is refused before its body is read: what stands behind it on the connection is still
//! taken for what it is.

use anyhow::{Context, Result};
use devstack::OpenSale;
use time::Duration;

use crate::request::Right;
use crate::shop::Shop;
use crate::wire::Wire;

/// The largest body that is read at all is 32 KiB.
const LARGE: usize = 30 * 1024;

const NEXT: &str = "GET /v1/sales HTTP/1.1\r\nhost: shop\r\n\r\n";

/// A sale that has not begun, so that every purchase is refused unread.
async fn given_a_sale_to_come() -> Result<(Shop, Right)> {
    let terms = OpenSale {
        starts_in: Duration::minutes(5),
        ..OpenSale::of(1)
    };
    let shop = Shop::open(devstack::Stack::builder(), 1, &terms).await?;
    let right = Right::of_a_guest(&shop).await?;
    Ok((shop, right))
}

/// A body that would be a request of its own to somebody who lost count.
fn disguised(bytes: usize) -> String {
    let request = "DELETE /v1/sales HTTP/1.1\r\nhost: shop\r\n\r\n";
    request.repeat(bytes / request.len())
}

/// What may follow on the same connection, and is answered as itself.
async fn the_next_request_is_answered(mut wire: Wire, name: &str) -> Result<()> {
    wire.send(NEXT).await.context(name.to_owned())?;
    assert_eq!(wire.status().await.context(name.to_owned())?, 200, "{name}");
    Ok(())
}

#[tokio::test]
async fn a_refused_purchase_leaves_its_connection_usable() -> Result<()> {
    let (shop, right) = given_a_sale_to_come().await?;
    let door = shop.stack.ingress(0).addr();
    let stranger = Right {
        path: right.path.clone(),
        authorization: "Bearer nothing".to_owned(),
    };
    for (who, refusal) in [(&right, 409), (&stranger, 401)] {
        for body in ["{}".to_owned(), disguised(1_000), disguised(LARGE)] {
            let request = who.on_the_wire(&body);
            let (head, body) = request.split_at(request.len() - body.len());
            let name = format!("{refusal}, {} bytes", body.len());

            let mut at_once = Wire::to(door).await?;
            at_once.send(&request).await?;
            assert_eq!(at_once.status().await.context(name.clone())?, refusal);
            the_next_request_is_answered(at_once, &name).await?;

            // The body comes when the head has been looked at, which the server tells.
            let mut apart = Wire::to(door).await?;
            let expecting = head.replace("content-type", "expect: 100-continue\r\ncontent-type");
            apart.send(&expecting).await?;
            assert_eq!(apart.status().await.context(name.clone())?, 100, "{name}");
            apart.send(body).await.context(name.clone())?;
            assert_eq!(apart.status().await.context(name.clone())?, refusal);
            the_next_request_is_answered(apart, &name).await?;
        }
    }
    assert_eq!(shop.records().await?, 1, "nothing but its opening");
    shop.stack.stop().await
}

#[tokio::test]
async fn a_body_of_unclear_length_ends_the_connection() -> Result<()> {
    let (shop, right) = given_a_sale_to_come().await?;
    let body = disguised(1_000);
    let length = format!("content-length: {}", body.len());
    let both = right.on_the_wire("").replace(
        "content-length: 0",
        &format!("{length}\r\ntransfer-encoding: chunked"),
    );
    let chunked = format!("{both}{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let mut wire = Wire::to(shop.stack.ingress(0).addr()).await?;
    wire.send(&chunked).await?;
    assert_eq!(wire.status().await?, 409);
    // What somebody in front of us may take for the rest of the body is not taken for a request.
    let _ = wire.send(NEXT).await;
    assert_eq!(wire.rest().await?, "");
    shop.stack.stop().await
}
