package io.github.t6j.cli;

import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.Sampler;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
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
            "<|endoftext|> in the file is the special id; nothing is prepended. Windows that do not overlap",
            "score all but their first id; with a smaller --stride, windows overlap and each scores only the",
            "ids past the end of the one before it. nll is the mean per scored id, in nats; bits_per_byte is",
            "the total nll / ln 2 / bytes of the file.",
            "",
            "Example:",
            "  t6j perplexity --file book.txt --context 512 --stride 256 --json"
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

    @Option(names = "--file", required = true, paramLabel = "TEXT", description = "The text, a UTF-8 file.")
    private Path file;

    @Option(names = "--context", paramLabel = "N", description = "Ids of a window (default: the model's block_size).")
    private Integer context;

    @Option(names = "--stride", paramLabel = "N",
            description = "Ids from the start of a window to the start of the next (default: --context).")
    private Integer stride;

    @Option(names = "--json",
            description = "Print one JSON object: tokens, scored, nll, perplexity, bits_per_byte.")
    private boolean json;

    @Override
    public Integer call() {
        arguments.check();
        check();
        byte[] bytes = Text.readAll(file);
        String text = Text.decode(bytes, file.toString());
        try (Model model = arguments.load()) {
            int[] ids = model.tokenizer().encodeWithSpecialTokens(text);
            if (ids.length < 2) {
                throw new CommandFailure(file + ": expected a text of 2 tokens or more, found " + ids.length);
            }
            int window = context == null ? model.info().sizes().contextLength() : context;
            List<Window> windows = Window.of(ids.length, window, strideWithin(window));
            try (OnInterrupt _ = new OnInterrupt(main)) {
                return measure(model, ids, windows, Math.min(window, ids.length), bytes.length);
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
    private int measure(Model model, int[] ids, List<Window> windows, int context, int bytes) {
        double total = 0;
        int scored = 0;
        int end = 0;
        try (Session session = model.newSession(cache.sessionOptions().withContextLength(context));
                Progress progress = new Progress(main, "perplexity")) {
            for (Window window : windows) {
                session.truncate(0);
                total += nll(session, ids, window);
                scored += window.scored();
                end = window.end();
                progress.update(end, ids.length);
            }
        } catch (CancellationException e) {
            if (scored > 0) {
                String read = model.tokenizer().decode(Arrays.copyOf(ids, end));
                print(end, scored, total, read.getBytes(StandardCharsets.UTF_8).length, true);
            }
            return Main.INTERRUPTED;
        }
        print(ids.length, scored, total, bytes, false);
        return Main.DONE;
    }

    /** The sum over the window's scored ids, in their order. The last id is not fed: nothing is asked after it. */
    private double nll(Session session, int[] ids, Window window) {
        int contextEnd = window.scoredFrom() - 1;
        if (contextEnd > window.start()) {
            session.prefill(Arrays.copyOfRange(ids, window.start(), contextEnd));
        }
        double[] sum = new double[1];
        session.prefill(Arrays.copyOfRange(ids, contextEnd, window.end() - 1),
                (position, logits) -> sum[0] += nll(logits, ids, window.start() + position + 1));
        return sum[0];
    }

    private double nll(float[] logits, int[] ids, int index) {
        float nll = -Sampler.logProbability(logits, ids[index]);
        if (!Float.isFinite(nll)) {
            throw new CommandFailure(file + ": expected a log-likelihood of token " + index + " (id " + ids[index]
                    + "), found " + -nll + "; the model produced it: are its weights damaged?");
        }
        return nll;
    }

    private void print(int tokens, int scored, double total, int bytes, boolean partial) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("tokens", tokens);
        result.put("scored", scored);
        result.put("nll", total / scored);
        result.put("perplexity", Math.exp(total / scored));
        result.put("bits_per_byte", total / Math.log(2) / bytes);
        if (partial) {
            result.put("partial", true);
        }
        if (json) {
            main.out.print(Json.write(result));
        } else {
            result.forEach((name, value) -> main.out.println(String.format("%-14s %s", name, value)));
        }
    }
}
