//! Where WebSockets come in: a listener whose connections keep little in the kernel.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// Bytes of a connection that the kernel may hold for a client that does not read; Linux takes twice as many. By itself
/// it would take megabytes, and for as long as it takes them nobody sees that the client has stalled.
const SEND_BUFFER: u32 = 16 * 1024;

/// Handshakes that the kernel keeps for us when all clients of another notifier come at once. Its own limit,
/// `net.core.somaxconn`, is commonly the same.
const BACKLOG: u32 = 4_096;

/// Accepted connections inherit the size of the buffer.
pub(crate) fn listen(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = match at {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // As `TcpListener::bind` does: a restart does not wait for connections that linger.
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(at)?;
    socket.listen(BACKLOG)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

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
