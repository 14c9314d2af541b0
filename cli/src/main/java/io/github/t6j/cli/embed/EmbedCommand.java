package io.github.t6j.cli.embed;

import io.github.t6j.Embedder;
import io.github.t6j.EmbeddingOptions;
import io.github.t6j.Model;
import io.github.t6j.SessionOptions;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.generate.Line;
import io.github.t6j.cli.generate.LinesArguments;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.OnInterrupt;
import io.github.t6j.cli.io.Range;
import io.github.t6j.cli.io.Text;
import io.github.t6j.cli.models.ModelArguments;
import io.github.t6j.json.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code t6j embed}: embeds texts. */
@Command(
        name = "embed",
        description = {"Embeds texts as vectors.",
            "Prints a JSON object on one line for each text.",
            "Its keys are index, embedding, tokens, and id if the line of the text has one."},
        footer = {
            "",
            "Each line of FILE.jsonl is an object with text, or ids (a list), and optionally id.",
            "The files of an embedding model, such as Qwen3-Embedding, specify its pooling.",
            "Otherwise, an embedding is the mean of the last hidden states, scaled to length 1.",
            "",
            "Examples:",
            "  t6j embed -m DIR in.jsonl --out out.jsonl --parallel 32",
            "  t6j embed -p \"The whale\" -p \"The sea\" --dimensions 64",
            "  t6j embed --pooling last --layer 2 < text.txt"
        })
public final class EmbedCommand implements Callable<Integer> {
    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "FILE.jsonl",
            description = {"File of texts, one per line.",
                "Without FILE.jsonl and --prompt, standard input is one text."})
    private Path file;

    @Option(names = {"-p", "--prompt"}, paramLabel = "TEXT", description = "Text to embed; repeatable.")
    private List<String> texts = List.of();

    @Mixin
    private ModelArguments arguments;

    @Mixin
    private PoolingArguments pooling;

    @Option(names = "--no-normalize",
            description = "Do not scale vectors to length 1 (default: as the model's files specify).")
    private boolean raw;

    @Option(names = "--layer", paramLabel = "N",
            description = {"Take the hidden states after N layers; 0 takes the rows of the embedding matrix.",
                "After all layers, the model's last norm is applied (default: all layers)."})
    private Integer layer;

    @Option(names = "--dimensions", paramLabel = "N",
            description = {"Keep the first N elements of a vector, before it is scaled to length 1 (default: all)."})
    private Integer dimensions;

    @Option(names = "--truncate",
            description = "Truncate texts that are longer than the model's context (default: they are an error).")
    private boolean truncate;

    @Mixin
    private LinesArguments lines;

    @Override
    public Integer call() {
        arguments.check();
        lines.check();
        EmbeddingOptions options = options();
        List<Line> all = lines();
        if (lines.out() == null) {
            all.forEach(line -> EmbedLines.prompt(line, line.fields())); // report a wrong line before the run begins
        }
        try (Model model = arguments.load(); OnInterrupt _ = LinesArguments.onInterrupt(main)) {
            Embedder embedder = embedder(model, options);
            if (pooling.isAbsent() && !model.statesPooling()) {
                main.note("note: the model's files specify no pooling: embeddings are the mean of the hidden states");
            }
            return embed(model, embedder, all);
        }
    }

    /** Prints the results of a file as they are computed, and of a few texts at the end, after the progress. */
    private int embed(Model model, Embedder embedder, List<Line> all) {
        StringBuilder last = new StringBuilder();
        Consumer<String> each = file == null ? last::append : main.out::print;
        int code = lines.run(main, model, SessionOptions.defaults(), all, new EmbedLines(embedder),
                result -> each.accept(Json.writeLine(result) + "\n"));
        main.out.print(last.toString());
        return code;
    }

    private EmbeddingOptions options() {
        if (layer != null) {
            Range.atLeast(spec, "--layer", layer, 0);
        }
        if (dimensions != null) {
            Range.atLeast(spec, "--dimensions", dimensions, 1);
        }
        EmbeddingOptions options = pooling.embeddingOptions().withTruncate(truncate)
                .withLayer(layer == null ? -1 : layer).withDimensions(dimensions == null ? 0 : dimensions);
        return raw ? options.withNormalized(false) : options;
    }

    private Embedder embedder(Model model, EmbeddingOptions options) {
        try {
            return new Embedder(model, options);
        } catch (IllegalArgumentException wrong) {
            throw new CommandFailure("--" + wrong.getMessage(), wrong);
        }
    }

    private List<Line> lines() {
        if (file != null && !texts.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(), "FILE.jsonl and --prompt: expected one of them, found both");
        }
        if (file != null) {
            List<Line> all = Line.read(file);
            if (all.isEmpty()) {
                throw new CommandFailure(file + ": expected one text per line, found none");
            }
            return all;
        }
        List<Line> all = new ArrayList<>();
        for (String text : texts.isEmpty() ? List.of(Text.argumentOrInput(null, "--prompt", main, spec)) : texts) {
            all.add(new Line(Json.writeLine(Map.of("text", text)),
                    texts.isEmpty() ? "standard input" : "--prompt " + (all.size() + 1)));
        }
        return all;
    }
}
