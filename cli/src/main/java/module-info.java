/** The command line {@code t6j}: one class a command. */
module io.github.t6j.cli {
    requires info.picocli;
    requires io.github.t6j.engine;
    requires java.net.http;
    requires jdk.httpserver;
    requires jdk.management;

    opens io.github.t6j.cli to info.picocli;
}
