/** The command line {@code t6j}: one class per command. */
module io.github.t6j.cli {
    requires info.picocli;
    requires io.github.t6j.chat;
    requires io.github.t6j.engine;
    requires io.github.t6j.gpt2;
    requires io.github.t6j.nativekernels;
    requires io.github.t6j.speculation;
    requires io.github.t6j.training;
    requires java.logging;
    requires java.net.http;
    requires jdk.httpserver;
    requires jdk.management;
    requires jdk.unsupported; // Ctrl-C within a chat
    requires org.jline.reader;
    requires org.jline.terminal;

    opens io.github.t6j.cli to info.picocli;
    opens io.github.t6j.cli.bench to info.picocli;
    opens io.github.t6j.cli.chat to info.picocli;
    opens io.github.t6j.cli.config to info.picocli;
    opens io.github.t6j.cli.embed to info.picocli;
    opens io.github.t6j.cli.evaluate to info.picocli;
    opens io.github.t6j.cli.generate to info.picocli;
    opens io.github.t6j.cli.io to info.picocli;
    opens io.github.t6j.cli.models to info.picocli;
    opens io.github.t6j.cli.serve to info.picocli;
    opens io.github.t6j.cli.train to info.picocli;
}
