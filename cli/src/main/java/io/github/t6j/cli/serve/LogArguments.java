package io.github.t6j.cli.serve;

import io.github.t6j.cli.Main;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Options for the log of a server. */
public final class LogArguments {
    /** Format of the log. */
    enum Format {
        text, json
    }

    @Spec(Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--log", paramLabel = "FORMAT", defaultValue = "text",
            description = "Format of log lines: text, or json for one object a line (default: ${DEFAULT-VALUE}).")
    private Format format;

    @Option(names = "--access-log",
            description = "Log each answer: client, method, path, status, tokens, milliseconds and request id.")
    private boolean access;

    @Option(names = "--trusted-proxy", paramLabel = "HOST",
            description = {"Take clients' addresses from X-Forwarded-For in requests of this proxy; repeatable",
                "(default: ignore the header)."})
    private List<String> proxies = List.of();

    /** Returns the log, whose lines go to standard error; with JSON, {@code main} and the engine write to it, too. */
    ServerLog log(Main main) {
        if (format == Format.text) {
            return new ServerLog(main::note, false, access);
        }
        ServerLog log = new ServerLog(main::line, true, access);
        main.sendMessages(log::message);
        new LogHandler(log).open();
        return log;
    }

    Set<InetAddress> proxies() {
        Set<InetAddress> addresses = new HashSet<>();
        for (String name : proxies) {
            try {
                addresses.addAll(List.of(InetAddress.getAllByName(name)));
            } catch (UnknownHostException e) {
                throw new ParameterException(
                        spec.commandLine(), "--trusted-proxy: expected an address or a host, found " + name);
            }
        }
        return addresses;
    }
}
