package io.github.t6j.cli.serve;

import picocli.CommandLine.Option;

/** Options for the address of a server. */
public final class AddressArguments {
    @Option(names = "--host", paramLabel = "HOST", defaultValue = "127.0.0.1",
            description = "Address to listen on; 0.0.0.0 lets other machines connect (default: "
                    + "${DEFAULT-VALUE}).")
    private String host;

    @Option(names = "--port", paramLabel = "N", defaultValue = "8080",
            description = "Port to listen on; 0 takes any free port (default: ${DEFAULT-VALUE}).")
    private int port;

    String host() {
        return host;
    }

    int port() {
        return port;
    }
}
