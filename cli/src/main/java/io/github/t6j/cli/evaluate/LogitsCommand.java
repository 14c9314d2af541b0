package io.github.t6j.cli.evaluate;

import io.github.t6j.LogitsListener;
import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.attention.AttentionPath;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.generate.SessionCommand;
import io.github.t6j.cli.io.DiskSpace;
import io.github.t6j.cli.io.OnInterrupt;
import io.github.t6j.cli.io.Progress;
import io.github.t6j.cli.models.ModelParameter;
import io.github.t6j.cli.models.WeightFile;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code t6j logits}: writes the logits after each id, to compare with other implementations. */
@Command(
        name = "logits",
        description = {"Writes the logits after each id to a safetensors file.",
            "The tensor is logits, f32 [ids, vocabulary]."},
        footer = {
            "",
            "Examples:",
            "  t6j logits --ids 583,2886 --out out.safetensors",
            "  t6j logits --ids @ids.txt --step --out out.safetensors"
        })
public final class LogitsCommand extends SessionCommand {
    @Mixin
    private ModelParameter argument;

    @Option(names = "--ids", required = true, paramLabel = "IDS|@FILE",
            description = {"Ids separated by commas, such as 5,17,3, or @FILE.",
                "Ids in FILE are separated by commas or white space."})
    private String ids;

    @Option(names = "--step", description = "Feed the ids one at a time through the cache (default: all at once).")
    private boolean step;

    @Option(names = "--path", paramLabel = "PATH", defaultValue = "factored",
            description = {"Path of the attention: factored or materialized.",
                "materialized is a slow reference (default: ${DEFAULT-VALUE})."})
    private AttentionPath path;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "Safetensors file to write.")
    private Path out;

    @Override
    public Integer call() throws IOException {
        arguments.check(argument);
        Safetensors.checkWritable(out);
        int[] input = Ids.ofArgumentOrFile(ids, "--ids", spec);
        if (input.length == 0) {
            throw new ParameterException(spec.commandLine(), "--ids: expected at least one id, found none");
        }
        try (Model model = arguments.load();
                OnInterrupt _ = new OnInterrupt(main);
                Arena arena = Arena.ofConfined()) {
            int vocabulary = model.info().sizes().vocabulary();
            Ids.checkBelow(input, vocabulary, "vocabulary");
            long bytes = (long) input.length * vocabulary * Float.BYTES;
            DiskSpace.check(out, bytes);
            MemorySegment rows = arena.allocate(bytes, Float.BYTES);
            compute(model, input, rows);
            WeightFile.writeLogits(out, rows, input.length, vocabulary);
        }
        return Main.DONE;
    }

    private void compute(Model model, int[] input, MemorySegment rows) {
        int context = Math.max(input.length, model.info().sizes().contextLength());
        SessionOptions options = path.of(cache.sessionOptions().withContextLength(context));
        try (Session session = model.newSession(options);
                Progress progress = new Progress(main, "logits")) {
            LogitsListener listener = (position, logits) -> {
                long offset = (long) position * logits.length * Float.BYTES;
                MemorySegment.copy(logits, 0, rows, ValueLayout.JAVA_FLOAT, offset, logits.length);
                progress.update(position + 1, input.length);
            };
            if (!step) {
                session.prefill(input, listener);
                return;
            }
            for (int i = 0; i < input.length; i++) {
                session.step(input[i]);
                listener.onLogits(i, session.logits());
            }
        }
    }
}
