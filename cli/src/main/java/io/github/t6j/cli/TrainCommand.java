package io.github.t6j.cli;

import io.github.t6j.RopeVariant;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.training.Trainer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code t6j train}: a model of texts, from scratch or from another model. */
@Command(
        name = "train",
        description = "Trains a model on texts, from scratch or from a model that is there. DIR becomes the model with the "
                + "lowest validation loss so far; DIR/checkpoints has the newest states to go on from, DIR/log.jsonl the "
                + "losses.",
        footer = {
            "",
            "A file is UTF-8 text with <|endoftext|> between documents, JSONL with the key text, or token ids (.bin).",
            "Presets that two cores train: t6-SIZE, t6-kvonly-SIZE, mha-SIZE, gqa-SIZE, mqa-SIZE, mla-SIZE with the",
            "SIZE nano (1.3 M parameters), micro (3.4 M) or mini (7.3 M); larger ones: t6j init --help.",
            "Ctrl-C saves a checkpoint; --resume goes on from the newest, and computes what it would have computed.",
            "",
            "Examples:",
            "  t6j train --data book.txt --out DIR --minutes 30",
            "  t6j train --data book.txt --out DIR --resume",
            "  t6j train --data notes.txt --out DIR --init-from MODEL --steps 200 --learning-rate 3e-4"
        })
final class TrainCommand implements Callable<Integer> {
    /** How long a micro-batch and the checkpoint after it may take. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /** What is not about the run itself, and may differ when it goes on. */
    private static final List<String> NOT_OF_THE_RUN = List.of(
            "--data", "--valid", "--out", "--resume", "--threads", "--keep", "--sample", "--verbose", "--help");

    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Mixin
    private TrainArguments run;

    @Mixin
    private Threads threads;

    @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE", description = "Files to train on.")
    private List<Path> data;

    @Option(names = "--valid", paramLabel = "FILE",
            description = "A file to validate on (default: the last 5 %% of the data, which are not trained on).")
    private Path valid;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "The folder to make, new or empty.")
    private Path out;

    @Option(names = "--resume", description = "Go on from the newest checkpoint in DIR, with the same data.")
    private boolean resume;

    @Option(names = "--init-from", paramLabel = "DIR|FILE", description = "Begin with the weights of this model.")
    private Path initFrom;

    @Option(names = "--variant", paramLabel = "NAME", description = "What the files of --init-from cannot say: "
            + RopeVariant.WORDS + " (default: what they say).")
    private RopeVariant variant;

    @Option(names = "--tokenizer", paramLabel = "DIR|FILE",
            description = "Folder with a tokenizer, or a tokenizer.json "
                    + "(default: that of --init-from, else the bundled one of 4096 ids).")
    private Path tokenizer;

    @Option(names = "--keep", paramLabel = "N", defaultValue = "2",
            description = "Newest checkpoints to keep (default: ${DEFAULT-VALUE}).")
    private int keep;

    @Option(names = "--sample", paramLabel = "TEXT", defaultValue = "",
            description = "Beginning of the text that shows what the model writes (default: the start of a document).")
    private String sample;

    @Override
    public Integer call() {
        long start = System.nanoTime();
        check();
        Path newest = resume ? RunFolder.newest(out) : null;
        if (!resume) {
            RunFolder.checkFresh(out);
        }
        try (OnInterrupt interrupt = new OnInterrupt(main, PATIENCE);
                Trainer trainer = trainer(newest);
                TrainingText text = TrainingText.open(main, data, valid, tokenizer(newest, trainer), trainer);
                RunFolder folder = new RunFolder(out, keep)) {
            if (!resume) {
                RunFolder.checkFresh(out); // once more, as another may have trained there until now
                run.schedule(main, trainer, text, start);
            }
            TrainLoop loop = new TrainLoop(main, trainer, text, folder, sample);
            loop.say();
            return loop.run(interrupt);
        } catch (CancellationException e) {
            return Main.INTERRUPTED; // before there was anything to save
        }
    }

    private void check() {
        threads.check(spec);
        Range.atLeast(spec, "--keep", keep, 1);
        if (resume) {
            spec.commandLine().getParseResult().matchedOptions().stream()
                    .map(option -> option.longestName())
                    .filter(option -> !NOT_OF_THE_RUN.contains(option))
                    .findFirst()
                    .ifPresent(option -> {
                        throw new ParameterException(spec.commandLine(), "--resume: expected no " + option
                                + ", since the run goes on as it began: leave it out, or begin a new run");
                    });
        }
        if (initFrom == null && variant != null) {
            throw new ParameterException(spec.commandLine(), "--variant: expected --init-from with it, found none");
        }
        if (initFrom != null) {
            run.checkInitFrom(spec);
            initFrom = ModelFolder.found(main, "--init-from", initFrom);
        }
        run.check(spec);
    }

    private Trainer trainer(Path newest) {
        try (Waiting _ = new Waiting(main, "loading")) {
            if (resume) {
                return Trainer.restore(newest, threads.count());
            }
            if (initFrom != null) {
                return Trainer.from(initFrom, variant, tokenizer, run.options(), threads.count());
            }
            return Trainer.create(run.preset(), tokenizerPath(), run.options(), threads.count());
        }
    }

    private Path tokenizerPath() {
        return tokenizer == null ? ModelFolder.bundled() : tokenizer;
    }

    /** The tokenizer of the texts, which is the one that the new model is read with; or null, so the data must be ids. */
    private Tokenizer tokenizer(Path newest, Trainer trainer) {
        Path ofModel = resume ? newest : tokenizer == null ? initFrom : null;
        if (ofModel == null) {
            return Tokenizer.load(tokenizerPath());
        }
        Path folder = ModelFolder.folderOf(ofModel);
        if (Tokenizer.existsIn(folder)) {
            return Tokenizer.load(folder);
        }
        if (trainer.speaksGpt2()) {
            main.note("note: the model has no tokenizer; GPT-2's is used, on whose ids its family was trained");
            return Tokenizer.gpt2();
        }
        if (!resume) {
            main.note(
                    "note: there is no tokenizer beside the model (one in a GGUF file is not written to the new model): "
                            + "--tokenizer gives it one");
        }
        return null;
    }
}
