package io.github.t6j.jmh.load;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code benchmarks.jar load}: measures running servers, and prints a table. */
@Command(
        name = "load",
        mixinStandardHelpOptions = true,
        description = "Measures running servers (t6j serve) with several clients at once, and prints a Markdown table.",
        footer = {
            "",
            "First, all clients send a prompt of random ids at once; this gives the times to the first token.",
            "Then they send the same prompts again and continue together.",
            "This gives the tokens per second and the times between tokens.",
            "",
            "With --beside N, a prompt of N tokens arrives while the clients generate. Another table compares the",
            "times between their tokens before and while the server reads it. With --mixed N, N clients send",
            "prompts of 16 tokens to the longest --context at once.",
            "",
            "Example:",
            "  t6j serve --model t6-q8 --port 8081 --context 8448 --cache-type bf16 &",
            "  java -jar jmh/target/benchmarks.jar load http://127.0.0.1:8081"
        })
public final class LoadCommand implements Callable<Integer> {
    private static final long MEMORY = 4L << 30; // cache memory of the second table
    private static final int ONE_BYTE_IDS = 256; // ids that all vocabularies have
    private static final int WARM_UP = 64;

    @Spec
    private CommandSpec spec;

    @Parameters(arity = "1..*", paramLabel = "URL",
            description = "Addresses of the servers, measured one after the other.")
    private List<URI> urls;

    @Option(names = "--streams", split = ",", paramLabel = "N", defaultValue = "1,4,8,16",
            description = "Number of clients at once (default: ${DEFAULT-VALUE}).")
    private int[] streams;

    @Option(names = "--context", split = ",", paramLabel = "N", defaultValue = "1024,8192",
            description = "Length of each prompt in tokens (default: ${DEFAULT-VALUE}).")
    private int[] contexts;

    @Option(names = "--tokens", paramLabel = "N", defaultValue = "64",
            description = "Number of tokens for each client, at least 2 (default: ${DEFAULT-VALUE}).")
    private int tokens;

    @Option(names = "--beside", paramLabel = "N",
            description = "Measure the clients before and while a prompt of N tokens is read.")
    private Integer beside;

    @Option(names = "--mixed", paramLabel = "N",
            description = "Measure N clients with prompts of mixed lengths at once.")
    private Integer mixed;

    private final Random random = new Random(1);

    private LoadCommand() {}

    /** @return the exit code: 0 done, 1 failed, 2 bad usage */
    public static int run(String... args) {
        return new CommandLine(new LoadCommand()).setExecutionExceptionHandler((failure, line, parsed) -> {
            line.getErr().println("load: " + (failure.getMessage() == null ? failure : failure.getMessage()));
            return CommandLine.ExitCode.SOFTWARE;
        }).execute(args);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (tokens < 2 || IntStream.concat(Arrays.stream(streams), Arrays.stream(contexts)).anyMatch(n -> n < 1)) {
            throw new ParameterException(spec.commandLine(),
                    "--streams, --context and --tokens: expected at least 1, 1 and 2, found a smaller number");
        }
        if (beside != null && beside < 1 || mixed != null && mixed < 1) {
            throw new ParameterException(spec.commandLine(),
                    "--beside and --mixed: expected at least 1, found a smaller number");
        }
        try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            List<RemoteModel> models = new ArrayList<>();
            for (URI url : urls) {
                models.add(new RemoteModel(client, url));
            }
            if (beside != null) {
                besidePrompt(models);
            } else if (mixed != null) {
                mixedClients(models);
            } else {
                speeds(models);
            }
        }
        return CommandLine.ExitCode.OK;
    }

    private void besidePrompt(List<RemoteModel> models) throws IOException, InterruptedException {
        System.out.println(BesidePrompt.HEAD);
        for (RemoteModel model : models) {
            model.stream(prompts(Arrays.stream(streams).max().orElseThrow(), WARM_UP), WARM_UP);
            for (int context : contexts) {
                for (int count : streams) {
                    System.out.println(
                            new BesidePrompt(model).row(prompts(count, context), prompt(beside, random)));
                }
            }
        }
    }

    private void mixedClients(List<RemoteModel> models) throws IOException, InterruptedException {
        System.out.println(MixedClients.HEAD);
        for (RemoteModel model : models) {
            model.stream(prompts(Arrays.stream(streams).max().orElseThrow(), WARM_UP), WARM_UP);
            int longest = Arrays.stream(contexts).max().orElseThrow();
            new MixedClients(model, random).rows(mixed, longest, tokens).forEach(System.out::println);
        }
    }

    private void speeds(List<RemoteModel> models) throws IOException, InterruptedException {
        System.out.println("| model | context | streams | total tokens/s | first token: first, median, 99 % "
                + "| between tokens: median, 99 % |\n|---|--:|--:|--:|--:|--:|");
        for (RemoteModel model : models) {
            measure(model);
        }
        System.out.println("\n| model | cache, bytes per token | sessions of 8192 tokens in 4 GiB |\n|---|--:|--:|");
        for (RemoteModel model : models) {
            long bytes = model.cacheBytesPerToken(); // 0: a state of one size
            System.out.printf(Locale.ROOT, "| %s | %d | %s |%n", model.name(), bytes,
                    bytes == 0 ? "–" : MEMORY / (8192 * bytes));
        }
    }

    private void measure(RemoteModel model) throws IOException, InterruptedException {
        int max = Arrays.stream(streams).max().orElseThrow();
        model.stream(prompts(max, WARM_UP), WARM_UP);
        for (int context : contexts) {
            if (context + 1 + tokens > model.contextLength()) {
                System.err.println("load: " + model.name() + ": skipped " + context + " tokens: expected at most "
                        + (model.contextLength() - 1 - tokens) + ", which fit in its context");
                continue;
            }
            for (int count : streams) {
                measure(model, context, count);
            }
        }
    }

    private void measure(RemoteModel model, int context, int count) throws IOException, InterruptedException {
        List<List<Long>> prompts = prompts(count, context + 1);
        List<Streamed> read = model.stream(prompts, 1);
        List<Streamed> written = model.stream(prompts, tokens);
        for (Streamed stream : written) {
            if (stream.cached() < context / 2) {
                System.err.println(
                        "load: " + model.name() + ": expected cached prompts of " + context + " tokens, found that the"
                                + " server read one again between the tokens of others: give it more --cache-memory");
                break;
            }
        }
        double seconds = (written.stream().mapToLong(Streamed::last).max().orElseThrow()
                - written.stream().mapToLong(Streamed::first).min().orElseThrow()) * 1e-9;
        List<Double> gaps = written.stream().flatMap(stream -> stream.gaps().stream()).toList();
        double first = read.stream().mapToDouble(Streamed::firstToken).min().orElseThrow();
        System.out.printf(Locale.ROOT, "| %s | %d | %d | %.1f | %s, %s | %s |%n", model.name(), context, count,
                gaps.size() / seconds, Times.text(first),
                Times.medianAnd99(read.stream().map(Streamed::firstToken)), Times.medianAnd99(gaps.stream()));
    }

    /** Returns prompts of random ids, so that no two have the same beginning. */
    private List<List<Long>> prompts(int count, int length) {
        List<List<Long>> prompts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            prompts.add(prompt(length, random));
        }
        return prompts;
    }

    static List<Long> prompt(int length, Random random) {
        return random.longs(length, 0, ONE_BYTE_IDS).boxed().toList();
    }
}
