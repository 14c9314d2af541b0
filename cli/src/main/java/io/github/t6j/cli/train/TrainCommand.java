package io.github.t6j.cli.train;

import io.github.t6j.ModelFormatException;
import io.github.t6j.RopeVariant;
import io.github.t6j.chat.template.ChatTemplate;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.OnInterrupt;
import io.github.t6j.cli.io.Range;
import io.github.t6j.cli.io.Spinner;
import io.github.t6j.cli.io.Threads;
import io.github.t6j.cli.models.ModelFolder;
import io.github.t6j.family.VariantName;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.training.Trainer;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.function.DoubleSupplier;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code t6j train}: trains a new or given model on texts or conversations. */
@Command(
        name = "train",
        description = {"Trains a new or given model on texts or conversations.",
            "DIR receives the model with the lowest validation loss so far.",
            "DIR/checkpoints has the newest states to resume from, DIR/log.jsonl the losses."},
        footer = {
            "",
            "A file is UTF-8 text with <|endoftext|> between documents, JSONL with the key text, or token ids (.bin).",
            "Presets for training on a CPU: t6-SIZE, t6-kvonly-SIZE, mha-SIZE, gqa-SIZE, mqa-SIZE and mla-SIZE.",
            "SIZE is nano (1.3 M parameters), micro (3.4 M) or mini (7.3 M); t6j init --help lists larger ones.",
            "Ctrl-C saves a checkpoint.",
            "--resume continues from the newest checkpoint; the result is the same as without the interruption.",
            "With --minutes or --more-steps, --resume lengthens the run, even a finished one.",
            "With --minutes, the run keeps its limits --passes and --tokens, unless you give them again.",
            "",
            "Examples:",
            "  t6j train --data book.txt --out DIR --minutes 30",
            "  t6j train --data book.txt --out DIR --resume",
            "  t6j train --data notes.txt --out DIR --init-from MODEL --steps 200",
            "  t6j train --chat talk.jsonl --out DIR --init-from MODEL",
            "  t6j train --data notes.txt --out DIR --init-from MODEL --lora 8"
        })
public final class TrainCommand implements Callable<Integer> {
    /** Default of --keep. */
    private static final int KEPT = 2;

    /** Default of --answers. */
    private static final int ASKED = 50;

    /** Longest wait for a micro-batch and the checkpoint after it. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /** Options that do not describe the run itself, and may change when it resumes. */
    private static final List<String> NOT_OF_THE_RUN = List.of(
            "--data", "--chat", "--answers", "--valid", "--out", "--resume", "--minutes", "--more-steps", "--passes",
            "--tokens", "--threads",
            "--keep", "--sample", "--verbose", "--help");

    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Mixin
    private TrainArguments run;

    @Mixin
    private LoraArguments lora;

    @Mixin
    private Threads threads;

    @Option(names = "--data", arity = "1..*", paramLabel = "FILE",
            description = "Files to train on; with --chat, additional texts whose tokens all count.")
    private List<Path> data = List.of();

    @Mixin
    private ChatArguments chat;

    @Option(names = "--valid", paramLabel = "FILE",
            description = {"File to validate on; with --chat, a file of conversations",
                "(default: the last 5 %% of the data or conversations, which the run does not train on)."})
    private Path valid;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder to create, new or empty.")
    private Path out;

    @Option(names = "--resume", description = "Continue from the newest checkpoint in DIR, with the same data.")
    private boolean resume;

    @Option(names = "--init-from", paramLabel = "DIR|FILE|NAME",
            description = "Model whose weights training starts from.")
    private Path initFrom;

    @Option(names = "--variant", paramLabel = "NAME",
            description = {"RoPE variant of --init-from: " + VariantName.ALL,
                "(default: from its t6j.json or config.json)."})
    private RopeVariant variant;

    @Option(names = "--tokenizer", paramLabel = "DIR|FILE",
            description = "Tokenizer: a folder, a tokenizer.json or a GGUF file "
                    + "(default: the one of --init-from, or the bundled one of 4096 ids).")
    private Path tokenizer;

    @Option(names = "--keep", paramLabel = "N",
            description = "Number of newest checkpoints to keep (default: 2, or the resumed run's).")
    private Integer keep;

    @Option(names = "--sample", paramLabel = "TEXT",
            description = "Prompt of the sample text that the run prints (default: the start of a document).")
    private String sample;

    @Override
    public Integer call() {
        long start = System.nanoTime();
        double before = main.secondsOfProcess();
        DoubleSupplier clock = () -> before + (System.nanoTime() - start) / 1e9;
        check();
        Path newest = resume ? RunFolder.newest(out) : null;
        if (!resume) {
            RunFolder.checkFresh(out);
        }
        try (OnInterrupt interrupt = new OnInterrupt(main, PATIENCE);
                Trainer trainer = trainer(newest);
                TrainingText text = text(newest, trainer);
                RunFolder folder = new RunFolder(out, keep == null ? ofRun(TrainLog.KEEP, 1, KEPT) : keep)) {
            if (resume) {
                folder.checkNewest(newest);
            } else {
                RunFolder.checkFresh(out); // again, since another process may have trained there meanwhile
            }
            StepPlan plan = resume
                    ? run.resumed(main, trainer, text, folder.log(), threads.count(), clock)
                    : run.schedule(main, trainer, text, threads.count(), clock);
            folder.checkSpace(trainer);
            TrainLoop loop = new TrainLoop(main, trainer, text, folder, sample, plan, clock);
            loop.printBeginning();
            return loop.run(interrupt);
        } catch (CancellationException e) {
            return Main.INTERRUPTED; // before the run had anything to save
        }
    }

    /** Returns a number of the log of a resumed run, or the default. */
    private int ofRun(String key, int min, int otherwise) {
        return resume ? TrainLog.number(out.resolve(TrainLog.NAME), key, min, otherwise) : otherwise;
    }

    private void check() {
        threads.check(spec);
        chat.check(spec);
        if (chat.given() && spec.commandLine().getParseResult().hasMatchedOption("--sample")) {
            throw new ParameterException(spec.commandLine(),
                    "--sample: expected no --chat, whose samples are held-out questions, found both");
        }
        if (data.isEmpty() && !chat.given()) {
            throw new ParameterException(spec.commandLine(),
                    "--data or --chat: expected files to train on, found neither");
        }
        Range.atLeast(spec, "--keep", keep == null ? KEPT : keep, 1);
        if (resume) {
            List<String> others = spec.commandLine().getParseResult().matchedOptions().stream()
                    .map(option -> option.longestName())
                    .filter(option -> !NOT_OF_THE_RUN.contains(option))
                    .toList();
            if (!others.isEmpty()) {
                throw new ParameterException(spec.commandLine(), "--resume: expected no " + String.join(", ", others)
                        + ", since a resumed run keeps its options: omit "
                        + (others.size() == 1 ? "it" : "them") + ", or begin a new run");
            }
        }
        lora.check(spec, initFrom != null);
        if (initFrom == null && variant != null) {
            throw new ParameterException(spec.commandLine(), "--variant: expected --init-from, found none");
        }
        if (initFrom != null) {
            run.checkInitFrom(spec);
            initFrom = ModelFolder.found(main, "--init-from", initFrom);
        }
        run.check(spec, resume);
    }

    private TrainingText text(Path newest, Trainer trainer) {
        Tokenizer ofText = tokenizer(newest, trainer);
        if (!chat.given()) {
            return TrainingText.open(main, data, valid, ofText, trainer);
        }
        if (ofText == null) {
            throw new CommandFailure("--chat: expected a model with a tokenizer, found none: add one with --tokenizer");
        }
        List<Path> models = resume
                ? List.of(newest)
                : Stream.of(tokenizer, initFrom == null ? tokenizerPath() : initFrom).filter(Objects::nonNull)
                        .toList();
        ChatTemplate template = chat.template(models);
        TrainingText text = ChatData.open(main, chat.files(), data, valid, ofText, template,
                trainer.options().batches().context(), trainer.vocabulary(),
                chat.answers(ofRun(TrainLog.ASKED, 0, ASKED)));
        if (!resume) {
            new ChatFiles(ofText, template).addTo(trainer, tokenizer == null ? initFrom : null);
        }
        return text;
    }

    private Trainer trainer(Path newest) {
        if (resume) {
            try (Spinner _ = new Spinner(main, "loading")) {
                return Trainer.restore(newest, threads.count());
            }
        }
        Trainer trainer = newTrainer();
        try {
            run.fit(trainer, chat.given() ? chat.files() : data, chat.given(), threads.count());
            return trainer;
        } catch (RuntimeException | Error failure) {
            trainer.close();
            throw failure;
        }
    }

    private Trainer newTrainer() {
        try (Spinner _ = new Spinner(main, "loading")) {
            if (lora.isGiven()) {
                return run.withContext(
                        options -> Trainer.adapt(base(), lora.options(spec), options, threads.count()));
            }
            if (initFrom != null) {
                return run.withContext(options -> Trainer.from(base(), options, threads.count()));
            }
            return run.withContext(
                    options -> Trainer.create(run.preset(), tokenizerPath(), options, threads.count()));
        }
    }

    private Trainer.Base base() {
        return new Trainer.Base(initFrom, Optional.ofNullable(variant), Optional.ofNullable(tokenizer));
    }

    private Path tokenizerPath() {
        return tokenizer == null ? ModelFolder.bundled() : tokenizer;
    }

    /** Returns the tokenizer of the texts, which the new model will use; or null, if the data must be ids. */
    private Tokenizer tokenizer(Path newest, Trainer trainer) {
        Path ofModel = resume ? newest : tokenizer == null ? initFrom : null;
        if (ofModel == null) {
            return Tokenizer.load(tokenizerPath());
        }
        Path folder = ModelFolder.folderOf(ofModel);
        Tokenizer inGguf = resume ? null : inGguf(ofModel);
        if (inGguf != null) {
            return inGguf;
        }
        if (Tokenizer.existsIn(folder)) {
            return Tokenizer.load(folder);
        }
        if (trainer.defaultTokenizer().isPresent()) {
            main.note("note: the model has no tokenizer; t6j uses GPT-2's, which its family was trained with");
            return trainer.defaultTokenizer().get();
        }
        if (!resume) {
            main.note("note: expected a tokenizer next to the model, found none: add one with --tokenizer");
        }
        return null;
    }

    /** Returns the tokenizer inside a GGUF file; null if there is none or its kind is not supported. */
    private Tokenizer inGguf(Path model) {
        try (Checkpoint checkpoint = Checkpoint.open(model, false)) {
            return Tokenizer.ofGguf(checkpoint.gguf(), model.toString()).orElse(null);
        } catch (ModelFormatException unsupported) {
            main.note("note: the tokenizer inside the GGUF file is not used: " + unsupported.getMessage());
            return null;
        }
    }
}
