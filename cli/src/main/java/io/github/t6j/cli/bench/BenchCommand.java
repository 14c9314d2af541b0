package io.github.t6j.cli.bench;

import io.github.t6j.DraftSource;
import io.github.t6j.Model;
import io.github.t6j.SessionOptions;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.generate.SessionCommand;
import io.github.t6j.cli.io.OnInterrupt;
import io.github.t6j.cli.io.Range;
import io.github.t6j.cli.io.Spinner;
import io.github.t6j.cli.io.TerminalWidth;
import io.github.t6j.cli.io.Text;
import io.github.t6j.cli.models.ModelFolder;
import io.github.t6j.cli.models.ModelParameter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code t6j bench}: measures speed. */
@Command(
        name = "bench",
        description = "Measures how fast a model reads prompts and writes text.",
        footer = {
            "",
            "pp512 reads 512 tokens and computes the logits after the last one.",
            "tg128 writes 128 tokens one by one, as generate does by default, sampling included.",
            "x8 means 8 sessions that advance together.",
            "@1024 means 1024 tokens in the cache before the test. They are seeded rows, not computed by the model.",
            "Each figure is the mean ± standard deviation of the repetitions, after a warm-up,",
            "or with --cold of the first runs of processes.",
            "bytes_per_second counts the weight and cache bytes read while writing.",
            "\"of read\" is its share of the memory bandwidth, which a read test measures after each repetition.",
            "",
            "Examples:",
            "  t6j bench -m DIR -d 0,4096 -b 1,8",
            "  t6j bench -m DIR -p 0 -n 4 -d 1000000 --cache-type q8",
            "  t6j bench -m DIR --compare OTHER --format json",
            "  t6j bench -m DIR --cold"
        })
public final class BenchCommand extends SessionCommand {
    private static final int MAX_TOKENS = 1 << 30;

    /** Formats of the results. */
    public enum Format {
        MD, CSV, JSON
    }

    @Mixin
    private ModelParameter argument;

    @Option(names = {"-p", "--prompt"}, paramLabel = "N", defaultValue = "512",
            description = "Prompt length in tokens; 0 skips this test (default: ${DEFAULT-VALUE}).")
    private int prompt;

    @Option(names = {"-n", "--generate"}, paramLabel = "N", defaultValue = "128",
            description = "Number of tokens to write; 0 skips this test (default: ${DEFAULT-VALUE}).")
    private int generate;

    @Option(names = {"-d", "--depth"}, paramLabel = "N", split = ",", defaultValue = "0",
            description = "Number of tokens in the cache before the test; repeatable (default: ${DEFAULT-VALUE}).")
    private List<Integer> depths;

    @Option(names = {"-b", "--batch"}, paramLabel = "N", split = ",", defaultValue = "1",
            description = "Number of sessions that write together; repeatable (default: ${DEFAULT-VALUE}).")
    private List<Integer> batches;

    @Option(names = "--speculate", paramLabel = "N", split = ",",
            description = {"Also write with N drafts a pass: four, three and none of four are right; repeatable.",
                "The drafts are tokens of an earlier run, so this measures the most that --speculate can save."})
    private List<Integer> speculate = List.of();

    @Option(names = {"-r", "--repetitions"}, paramLabel = "N", defaultValue = "5",
            description = "Number of measurements of each test (default: ${DEFAULT-VALUE}).")
    private int repetitions;

    @Option(names = "--warm-up", paramLabel = "SECONDS", defaultValue = "1",
            description = {
                "Minimum warm-up of each test; 0 runs the test once (default: ${DEFAULT-VALUE}).",
                "It ends when the code is compiled and two runs agree within 3 %%, at the latest after 30 s."})
    private double warmUp;

    @Option(names = "--cold",
            description = "Measure the first prompt and the first token of fresh processes, one for each repetition.")
    private boolean cold;

    @Option(names = "--cold-test", hidden = true)
    private String coldTest; // the test of a process of --cold

    @Option(names = "--format", paramLabel = "FORMAT", defaultValue = "md",
            description = "Format of the results: md, csv or json (default: ${DEFAULT-VALUE}).")
    private Format format;

    @Option(names = "--compare", paramLabel = "DIR", arity = "1..*",
            description = {"Folders of other models to measure in the same way.",
                "The column ratio is the speed relative to the first model."})
    private List<Path> compared = List.of();

    @Override
    public Integer call() {
        arguments.check(argument);
        check();
        if (coldTest != null) {
            return runColdTest();
        }
        List<Path> folders = new ArrayList<>(List.of(arguments.path()));
        compared.forEach(folder -> folders.add(ModelFolder.found(main, "--compare", folder)));
        List<BenchCase> tests = tests();
        List<BenchResult> results = new ArrayList<>();
        BenchTable table = format == Format.MD && compared.isEmpty()
                ? new BenchTable(List.of(name(folders.getFirst())), tests, false, columns())
                : null;
        try (OnInterrupt _ = new OnInterrupt(main)) {
            boolean whole = false;
            try {
                for (Path folder : folders) {
                    measure(folder, tests, results, table);
                }
                whole = true;
            } catch (CancellationException e) {
                return Main.INTERRUPTED;
            } finally { // also after an error, such as a depth that exceeds the memory: each row took its time
                report(results, tests, table, !whole);
            }
        }
        return Main.DONE;
    }

    /** @param table table that has printed everything except its end, or null */
    private void report(List<BenchResult> results, List<BenchCase> tests, BenchTable table, boolean partial) {
        if (results.isEmpty()) {
            return;
        }
        if (table != null) {
            main.out.print(table.tail(results, partial));
            return;
        }
        // Side by side: the tests in their order, and for each test the models in theirs.
        results.sort(Comparator.comparingInt(result -> tests.indexOf(result.test())));
        main.out.print(new BenchReport(results, !compared.isEmpty(), partial, columns()).in(format));
    }

    private void check() {
        Range.atLeast(spec, "--prompt", prompt, 0);
        Range.atLeast(spec, "--generate", generate, 0);
        Range.atLeast(spec, "--repetitions", repetitions, 1);
        for (int depth : depths) {
            Range.atLeast(spec, "--depth", depth, 0);
        }
        for (int batch : batches) {
            Range.atLeast(spec, "--batch", batch, 1);
        }
        for (int drafts : speculate) {
            Range.atLeast(spec, "--speculate", drafts, 1);
            Range.atMost(spec, "--speculate", drafts, DraftSource.MAX_DRAFTS, "the most in one pass");
        }
        if (cold && !speculate.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "--cold: expected no --speculate, found both");
        }
        if (!(warmUp >= 0 && warmUp < 1e6)) {
            throw new ParameterException(spec.commandLine(), "--warm-up: expected 0 seconds or more, found " + warmUp);
        }
        if (cold && !compared.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "--cold: expected no --compare, found both");
        }
        if (prompt == 0 && generate == 0) {
            throw new ParameterException(
                    spec.commandLine(), "--prompt, --generate: expected at least one above 0, found 0 for both");
        }
        for (BenchCase test : tests()) {
            if (test.depth() > MAX_TOKENS || test.tokens() > MAX_TOKENS) {
                throw new ParameterException(
                        spec.commandLine(), test.name() + ": expected at most " + MAX_TOKENS + " tokens");
            }
        }
    }

    private List<BenchCase> tests() {
        List<BenchCase> tests = new ArrayList<>();
        for (int depth : depths) {
            if (prompt > 0) {
                tests.add(new BenchCase(true, prompt, 1, depth));
            }
            for (int batch : generate > 0 ? batches : List.<Integer>of()) {
                tests.add(new BenchCase(false, cold || coldTest != null ? 1 : generate, batch, depth));
            }
            for (int drafts : generate > 0 ? speculate : List.<Integer>of()) {
                for (int right : new int[] {4, 3, 0}) {
                    tests.add(new BenchCase(false, generate, 1, depth, drafts, right));
                }
            }
        }
        return tests.stream().distinct().toList();
    }

    /** Runs one test once, as a process of {@code --cold}, and prints its row as JSON. */
    private int runColdTest() {
        BenchCase test = tests().stream().filter(each -> each.name().equals(coldTest)).findFirst().orElseThrow();
        try (Model model = arguments.load()) {
            BenchResult result = new BenchRun(model, cache.sessionOptions(), test, 0)
                    .measure(name(arguments.path()), arguments.threads(), 1, true);
            main.out.print(new BenchReport(List.of(result), false, false, 0).in(Format.JSON));
        }
        return Main.DONE;
    }

    /** Returns the width of the terminal, or 0 (unlimited) for a file. */
    private int columns() {
        return main.shown ? TerminalWidth.columns(main.environment, true) : 0;
    }

    private static String name(Path folder) {
        return Text.printable(folder.toAbsolutePath().normalize().getFileName().toString(), Integer.MAX_VALUE);
    }

    /** @param table table that prints each row once it is measured, or null */
    private void measure(Path folder, List<BenchCase> tests, List<BenchResult> results, BenchTable table) {
        try (Model model = folder.equals(arguments.path()) ? arguments.load() : arguments.load(folder)) {
            SessionOptions options = cache.sessionOptions();
            for (BenchCase test : tests) {
                String what = String.format(Locale.ROOT, "%s: %s", folder.getFileName(), test.name());
                BenchResult result;
                try (Spinner _ = new Spinner(main, what)) {
                    result = cold
                            ? coldProcess().measure(name(folder), model, options, test, arguments.threads(),
                                    repetitions)
                            : new BenchRun(model, options, test, warmUp)
                                    .measure(name(folder), arguments.threads(), repetitions, false);
                }
                results.add(result);
                report(result, table, results.size() == 1);
            }
        }
    }

    private ColdProcess coldProcess() {
        List<String> command = new ArrayList<>(spec.root().commandLine().getParseResult().originalArgs());
        command.remove("--cold");
        return new ColdProcess(command);
    }

    private void report(BenchResult result, BenchTable table, boolean first) {
        if (table != null) {
            main.out.print((first ? table.head(List.of(result)) : "") + table.row(result, 1));
        } else if (main.watched) {
            main.note(result.model() + ": " + result.test().name() + ": " + result.speed() + " tokens/s");
        }
    }
}
