//! Where WebSockets come in: a listener whose connections keep little in the kernel.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

/// Bytes of a connection that the kernel may hold for a client that does not read; Linux takes twice as many. By itself
/// it would take megabytes, and for as long as it takes them nobody sees that the client has stalled.
const SEND_BUFFER: u32 = 16 * 1024;

/// Accepted connections inherit the size of the buffer.
pub(crate) fn listen(at: SocketAddr) -> io::Result<TcpListener> {
    service::http::listen(at, Some(SEND_BUFFER))
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpSocket, TcpStream};

    use super::*;

    #[tokio::test]
    async fn what_is_accepted_keeps_little_in_the_kernel() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (client, accepted) = tokio::join!(client, listener.accept());
        let ours = accepted.unwrap().0.into_std().unwrap();
        let ours = TcpSocket::from_std_stream(ours);
        assert!(ours.send_buffer_size().unwrap() <= 2 * SEND_BUFFER);
        // What the client got was not asked to be small.
        let theirs = TcpSocket::from_std_stream(client.unwrap().into_std().unwrap());
        assert!(theirs.send_buffer_size().unwrap() > 2 * SEND_BUFFER);
    }
}
