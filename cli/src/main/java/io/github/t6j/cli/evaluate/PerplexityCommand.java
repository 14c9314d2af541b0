package io.github.t6j.cli.evaluate;

import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.generate.Line;
import io.github.t6j.cli.generate.LinesArguments;
import io.github.t6j.cli.generate.SessionCommand;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.OnInterrupt;
import io.github.t6j.cli.io.Progress;
import io.github.t6j.cli.io.Range;
import io.github.t6j.cli.io.Text;
import io.github.t6j.cli.models.ModelParameter;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.Sampler;
import io.github.t6j.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.IntConsumer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code t6j perplexity}: measures how well a model predicts text. */
@Command(
        name = "perplexity",
        description = "Measures how well a model predicts one or more texts.",
        footer = {
            "",
            "<|endoftext|> in the file is read as the special token.",
            "By default, windows do not overlap, and each scores all its ids except the first.",
            "With a --stride below --context, windows overlap; each scores the ids after the previous one.",
            "nll is the mean negative log-likelihood per scored id, in nats.",
            "bits_per_byte is the total nll / ln 2 / bytes of the file.",
            "± and _stderr are standard errors that treat the ids as independent.",
            "With --texts, each result has index, the keys of --json, bytes, and id if its line has one.",
            "A line that fails gets index and error.",
            "Standard output then shows the totals over all texts.",
            "",
            "Examples:",
            "  t6j perplexity --file book.txt -c 512 --stride 256",
            "  t6j perplexity -m DIR --file - --json < book.txt",
            "  t6j perplexity --texts in.jsonl --out out.jsonl"
        })
public final class PerplexityCommand extends SessionCommand {
    @Mixin
    private ModelParameter argument;

    @ArgGroup(multiplicity = "1")
    private Source source;

    /** Source of the text or texts. */
    static final class Source {
        @Option(names = {"-f", "--file"}, required = true, paramLabel = "TEXT", converter = Values.FileOrInput.class,
                description = "Text in UTF-8; - reads standard input.")
        private Path file;

        @Option(names = "--texts", required = true, paramLabel = "FILE.jsonl",
                description = "Many texts: each line is an object with text and optionally id; needs --out.")
        private Path texts;
    }

    @Mixin
    private LinesArguments lines;

    @Option(names = {"-c", "--context"}, paramLabel = "N",
            description = "Number of ids in a window (default: the model's block_size).")
    private Integer context;

    @Option(names = "--stride", paramLabel = "N",
            description = "Number of ids from the start of a window to the start of the next (default: --context).")
    private Integer stride;

    @Option(names = "--bos",
            description = {"Put the model's beginning-of-text id before each window.",
                "Each window then scores its first id, too."})
    private boolean beginning;

    @Option(names = "--json",
            description = {"Print one JSON object.",
                "Its keys are tokens, scored, nll, nll_stderr, perplexity, perplexity_stderr and bits_per_byte.",
                "With --texts, the key texts is the number of texts."})
    private boolean json;

    @Override
    public Integer call() {
        arguments.check(argument);
        check();
        return source.texts == null ? ofOne() : ofMany();
    }

    private int ofOne() {
        byte[] bytes = Text.readAll(source.file, main);
        String text = Text.decode(bytes, Text.name(source.file));
        try (Model model = arguments.load()) {
            int[] ids = model.tokenizer().encodeWithSpecialTokens(text);
            if (ids.length < 2) {
                throw new CommandFailure(
                        Text.name(source.file) + ": expected a text of at least 2 tokens, found " + ids.length);
            }
            int[] before = beginning(model);
            try (OnInterrupt _ = new OnInterrupt(main)) {
                return measure(model, before, ids, windows(model, before).of(ids.length), bytes.length);
            }
        }
    }

    private int ofMany() {
        List<Line> all = Line.read(source.texts);
        if (all.isEmpty()) {
            throw new CommandFailure(source.texts + ": expected one text per line, found none");
        }
        try (Model model = arguments.load(); OnInterrupt _ = LinesArguments.onInterrupt(main)) {
            int[] before = beginning(model);
            TextLines texts = new TextLines(model, before, windows(model, before));
            SessionOptions options = cache.sessionOptions().withContextLength(context == null ? 0 : context);
            int code = lines.run(main, model, options, all, texts, _ -> {
            });
            if (texts.count() > 0) {
                print(texts.totals(), code == Main.INTERRUPTED);
            }
            return code;
        }
    }

    private TextLines.Windows windows(Model model, int[] before) {
        int window = window(model) - before.length;
        int windowStride = strideWithin(window);
        return ids -> Window.of(ids, window, windowStride, before.length);
    }

    private int window(Model model) {
        return context == null ? model.info().sizes().contextLength() : context;
    }

    private void check() {
        lines.check("--texts", source.texts);
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

    /** Prints the result of all windows or, after an interrupt, of the windows before it. */
    private int measure(Model model, int[] before, int[] ids, List<Window> windows, int bytes) {
        Perplexity found = new Perplexity();
        int length = Math.min(window(model), ids.length + before.length);
        int end = 0;
        long start = System.nanoTime();
        try (Session session = model.newSession(cache.sessionOptions().withContextLength(length));
                Progress progress = Progress.atOnce(main, "perplexity")) {
            progress.update(0, ids.length);
            for (Window window : windows) {
                session.truncate(0);
                found.add(score(session, before, ids, window, index -> progress.update(index + 1.0, ids.length,
                        () -> state(found, index + 1, ids.length, (System.nanoTime() - start) * 1e-9))));
                end = window.end();
            }
        } catch (CancellationException e) {
            if (end > 0) {
                String read = model.tokenizer().decode(Arrays.copyOf(ids, end));
                print(found.fields(end, read.getBytes(StandardCharsets.UTF_8).length), true);
            }
            return Main.INTERRUPTED;
        }
        print(found.fields(ids.length, bytes), false);
        return Main.DONE;
    }

    /** Returns the result so far, the speed and the time left, as progress shows them. */
    private static String state(Perplexity found, int done, int all, double seconds) {
        String line = found.line();
        return String.format(Locale.ROOT, "%s%.0f tokens a second, %s left", line.isEmpty() ? "" : line + ", ",
                done / seconds, Progress.time(Math.round(seconds * (all - done) / done)));
    }

    /** Returns the ids that --bos puts before each window. */
    private int[] beginning(Model model) {
        if (!beginning) {
            return new int[0];
        }
        Tokenizer tokenizer = model.tokenizer();
        int id = tokenizer.beginningOfText() >= 0 ? tokenizer.beginningOfText() : tokenizer.documentStart();
        if (id < 0) {
            throw new CommandFailure("--bos: expected a tokenizer with a beginning-of-text id, found none");
        }
        return new int[] {id};
    }

    /**
     * Scores a window. The last id is not fed: no logits are needed after it.
     *
     * @param each receives the index of each scored id
     */
    private Perplexity score(Session session, int[] before, int[] ids, Window window, IntConsumer each) {
        Perplexity found = new Perplexity();
        int[] unscored = window.context(before, ids);
        int[] continuation = window.continuation(before, ids);
        if (unscored.length > 0) {
            session.prefill(unscored);
        }
        session.prefill(Arrays.copyOf(continuation, continuation.length - 1), (_, logits) -> {
            int index = window.scoredFrom() + found.count();
            found.add(Sampler.logProbability(logits, ids[index]), ids, index, Text.name(source.file));
            each.accept(index);
        });
        return found;
    }

    private void print(Map<String, Object> fields, boolean partial) {
        if (partial) {
            fields.put("partial", true);
        }
        main.out.print(json ? Json.write(fields) : Perplexity.lines(fields));
    }
}
