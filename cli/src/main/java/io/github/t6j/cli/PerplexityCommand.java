package io.github.t6j.cli;

import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.Sampler;
import io.github.t6j.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code t6j perplexity}: how well the model predicts a text. */
@Command(
        name = "perplexity",
        description = "Measures how well the model predicts a text.",
        footer = {
            "",
            "<|endoftext|> in the file is the special id; nothing is prepended. Windows that do not overlap "
                    + "score all but their first id; with a smaller --stride, windows overlap and each scores only the "
                    + "ids past the end of the one before it. nll is the mean per scored id, in nats; bits_per_byte is "
                    + "the total nll / ln 2 / bytes of the file. ± and _stderr are standard errors, as if the ids were "
                    + "independent.",
            "",
            "Examples:",
            "  t6j perplexity --file book.txt -c 512 --stride 256",
            "  t6j perplexity -m DIR --file - --json < book.txt"
        })
final class PerplexityCommand implements Callable<Integer> {
    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelArguments arguments;

    @Mixin
    private CacheArguments cache;

    @Option(names = {"-f", "--file"}, required = true, paramLabel = "TEXT", converter = Values.FileOrInput.class,
            description = "The text, a UTF-8 file; -: standard input.")
    private Path file;

    @Option(names = {"-c", "--context"}, paramLabel = "N",
            description = "Ids of a window (default: the model's block_size).")
    private Integer context;

    @Option(names = "--stride", paramLabel = "N",
            description = "Ids from the start of a window to the start of the next (default: --context).")
    private Integer stride;

    @Option(names = "--bos",
            description = "Put the model's beginning-of-text id before each window, which then scores its first id, too.")
    private boolean beginning;

    @Option(names = "--json",
            description = "Print one JSON object: tokens, scored, nll, nll_stderr, perplexity, perplexity_stderr, "
                    + "bits_per_byte.")
    private boolean json;

    @Override
    public Integer call() {
        arguments.check();
        check();
        byte[] bytes = Text.readAll(file, main);
        String text = Text.decode(bytes, Text.name(file));
        try (Model model = arguments.load()) {
            int[] ids = model.tokenizer().encodeWithSpecialTokens(text);
            if (ids.length < 2) {
                throw new CommandFailure(
                        Text.name(file) + ": expected a text of 2 tokens or more, found " + ids.length);
            }
            int window = context == null ? model.info().sizes().contextLength() : context;
            int[] before = beginning ? beginning(model) : new int[0];
            List<Window> windows = Window.of(ids.length, window - before.length, strideWithin(window - before.length),
                    before.length);
            try (OnInterrupt _ = new OnInterrupt(main)) {
                return measure(model, before, ids, windows, Math.min(window, ids.length + before.length), bytes.length);
            }
        }
    }

    private void check() {
        if (context != null) {
            Range.atLeast(spec, "--context", context, 2);
        }
        if (stride != null) {
            Range.atLeast(spec, "--stride", stride, 1);
            strideWithin(context == null ? Integer.MAX_VALUE : context);
        }
    }

    private int strideWithin(int window) {
        if (stride != null && stride > window) {
            throw new ParameterException(spec.commandLine(),
                    "--stride: expected at most the context, " + window + ", found " + stride);
        }
        return stride == null ? window : stride;
    }

    /** Prints what all windows give; if it is interrupted, what those before gave. */
    private int measure(Model model, int[] before, int[] ids, List<Window> windows, int context, int bytes) {
        LogLikelihoods found = new LogLikelihoods();
        int end = 0;
        try (Session session = model.newSession(cache.sessionOptions().withContextLength(context));
                Progress progress = new Progress(main, "perplexity")) {
            for (Window window : windows) {
                session.truncate(0);
                found.add(score(session, before, ids, window));
                end = window.end();
                progress.update(end, ids.length,
                        () -> LogLikelihoods.measured(found.perplexity(), found.perplexityError()));
            }
        } catch (CancellationException e) {
            if (end > 0) {
                String read = model.tokenizer().decode(Arrays.copyOf(ids, end));
                print(end, found, read.getBytes(StandardCharsets.UTF_8).length, true);
            }
            return Main.INTERRUPTED;
        }
        print(ids.length, found, bytes, false);
        return Main.DONE;
    }

    private static int[] beginning(Model model) {
        Tokenizer tokenizer = model.tokenizer();
        int id = tokenizer.beginningOfText() >= 0 ? tokenizer.beginningOfText() : tokenizer.documentStart();
        if (id < 0) {
            throw new CommandFailure("--bos: expected a tokenizer with an id that texts begin with, found none");
        }
        return new int[] {id};
    }

    /** Of the window's scored ids. The last id is not fed: nothing is asked after it. */
    private LogLikelihoods score(Session session, int[] before, int[] ids, Window window) {
        LogLikelihoods found = new LogLikelihoods();
        int[] fed = new int[before.length + window.end() - 1 - window.start()];
        System.arraycopy(before, 0, fed, 0, before.length);
        System.arraycopy(ids, window.start(), fed, before.length, fed.length - before.length);
        int first = window.scoredFrom() - window.start() + before.length - 1; // in fed: what the first scored id follows
        if (first > 0) {
            session.prefill(Arrays.copyOf(fed, first));
        }
        session.prefill(
                Arrays.copyOfRange(fed, first, fed.length),
                (position, logits) -> found.add(nll(logits, ids, window.start() + position + 1 - before.length)));
        return found;
    }

    private double nll(float[] logits, int[] ids, int index) {
        float nll = -Sampler.logProbability(logits, ids[index]);
        if (!Float.isFinite(nll)) {
            throw new CommandFailure(
                    Text.name(file) + ": expected a log-likelihood of token " + index + " (id " + ids[index]
                            + "), found " + -nll + "; the model produced it: are its weights damaged?");
        }
        return nll;
    }

    private void print(int tokens, LogLikelihoods found, int bytes, boolean partial) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("tokens", tokens);
        result.put("scored", found.count());
        result.put("nll", found.mean());
        result.put("nll_stderr", orNull(found.meanError()));
        result.put("perplexity", found.perplexity());
        result.put("perplexity_stderr", orNull(found.perplexityError()));
        result.put("bits_per_byte", found.total() / Math.log(2) / bytes);
        if (partial) {
            result.put("partial", true);
        }
        if (json) {
            main.out.print(Json.write(result));
            return;
        }
        result.forEach((name, value) -> {
            if (!name.endsWith("_stderr")) {
                main.out.println(String.format(Locale.ROOT, "%-14s %s", name,
                        value instanceof Double number
                                ? LogLikelihoods.measured(number, error(result.get(name + "_stderr")))
                                : value));
            }
        });
    }

    /** JSON has no NaN. */
    private static Double orNull(double value) {
        return Double.isFinite(value) ? value : null;
    }

    private static double error(Object value) {
        return value instanceof Double error ? error : Double.NaN;
    }
}
