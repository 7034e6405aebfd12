//! The client moves into the gate and cannot be copied on the way.

use aegis_gitea::connect::Client;

fn copied(client: &Client) -> Client {
    client.clone()
}

fn borrowed(gate: &aegis_gate::Gate) -> &Client {
    &gate.client
}

fn main() {
    let _ = (copied, borrowed);
}
