package io.github.t6j.jmh.soak;

import io.github.t6j.Model;
import io.github.t6j.jmh.CommandRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code benchmarks.jar soak}: starts a server, and checks its answers and its memory for a long time. */
@Command(
        name = "soak",
        mixinStandardHelpOptions = true,
        description = "Starts a server (t6j serve), and checks its answers and its memory for a long time.",
        footer = {
            "",
            "Clients ask questions whose answers the library has generated for the same seeds: texts, and chats with",
            "schemas and tools. Some clients disconnect. After four fifths of the time, the server is killed and",
            "restarted. The exit code is 1 after a wrong answer, or if the resident memory grows by more than a factor",
            "of 1.3 before the kill, measured from a fifth of the time, or from a minute if that is longer.",
            "",
            "Example:",
            "  java --add-modules jdk.incubator.vector -jar jmh/target/benchmarks.jar soak --minutes 30 \\",
            "    --model testdata/models/t6-mini --server 'cli/bin/t6j serve --port 0 --cache-dir prefixes'"
        })
public final class SoakCommand implements Callable<Integer> {
    private static final double MAX_GROWTH = 1.3;
    private static final int QUESTIONS = 40;
    private static final long MINUTE = 60_000;

    @Option(names = "--minutes", paramLabel = "N", defaultValue = "1",
            description = "Duration (default: ${DEFAULT-VALUE}).")
    private double minutes;

    @Option(names = "--clients", paramLabel = "N", defaultValue = "24",
            description = "Number of clients at once (default: ${DEFAULT-VALUE}).")
    private int clients;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1",
            description = "Seed of the questions (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--model", required = true, paramLabel = "DIR", description = "The model that the server serves.")
    private Path model;

    @Option(names = "--server", required = true, split = " ", paramLabel = "COMMAND",
            description = "Command that starts the server, without spaces in its arguments.")
    private List<String> command;

    private final Clients asking = new Clients();
    private final long start = System.currentTimeMillis();

    private SoakCommand() {}

    /** @return the exit code: 0 done, 1 failed, 2 bad usage */
    public static int run(String... args) {
        return CommandRun.run(new SoakCommand(), "soak", args);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        try (Model library = Model.load(model)) {
            Questions questions = new Questions(library, seed);
            questions.completions(QUESTIONS).forEach(asking::add);
            questions.chats().forEach(asking::add);
        }
        System.out.println("| minute | answers | disconnects | refusals | broken by the kill | wrong | resident MB |\n"
                + "|--:|--:|--:|--:|--:|--:|--:|");
        double growth;
        try (ServerProcess first = new ServerProcess(command);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            try {
                asking.connect(first.url());
                for (int i = 0; i < clients; i++) {
                    long clientSeed = seed * 1000 + i;
                    threads.submit(() -> asking.run(clientSeed));
                }
                long begun = watch(first, Math.max(0.2 * minutes, Math.min(1, 0.8 * minutes)));
                growth = (double) watch(first, 0.8 * minutes) / Math.max(1, begun);
                asking.killed(true);
                first.kill();
                restart();
            } finally {
                asking.stop();
            }
        }
        System.out.printf(Locale.ROOT,
                "%d answers, %d wrong; memory before the kill: %.2f times the initial memory%n",
                asking.answers(), asking.wrong(), growth);
        boolean grows = minutes >= 5 && growth > MAX_GROWTH; // a cold server grows until all code has run
        return asking.wrong() == 0 && !grows ? 0 : 1;
    }

    /** Continues with a new process, which finds the files of the killed one, and ends it. */
    private void restart() throws IOException, InterruptedException {
        try (ServerProcess second = new ServerProcess(command)) {
            asking.connect(second.url());
            asking.killed(false);
            watch(second, minutes);
            asking.killed(true); // the last requests may be refused or cut short
            asking.stop();
            second.stop();
        }
    }

    /** Prints a row each minute until {@code end} minutes after the start. @return the resident memory then */
    private long watch(ServerProcess server, double end) throws InterruptedException {
        long until = start + (long) (end * MINUTE);
        while (System.currentTimeMillis() < until) {
            Thread.sleep(Math.clamp(until - System.currentTimeMillis(), 0, MINUTE));
            System.out.printf(Locale.ROOT, "| %.1f | %s | %d |%n",
                    (System.currentTimeMillis() - start) / (double) MINUTE, asking.counts(),
                    server.residentMegabytes());
        }
        return server.residentMegabytes();
    }
}
