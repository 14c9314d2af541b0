package io.github.t6j.cli.train;

import io.github.t6j.cli.Main;
import io.github.t6j.cli.io.DiskSpace;
import io.github.t6j.cli.io.NewFolder;
import io.github.t6j.cli.io.Progress;
import io.github.t6j.cli.io.Range;
import io.github.t6j.training.Documents;
import io.github.t6j.training.tokenizer.TokenizerTrainer;
import io.github.t6j.training.tokenizer.TokenizerTrainer.Trained;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code t6j tokenizer train}: trains a tokenizer on texts. */
@Command(
        name = "train",
        description = "Trains a byte-level BPE tokenizer like GPT-2's on texts, and writes its tokenizer.json.",
        footer = {
            "",
            "A file is UTF-8 text with <|endoftext|> between documents, or JSONL with the key text.",
            "Ids are the bytes, then the merges, then <|endoftext|>.",
            "The same texts give the same tokenizer.",
            "",
            "Example:",
            "  t6j tokenizer train --data book.txt --vocab 4096 --out DIR"
        })
final class TokenizerTrainCommand implements Callable<Integer> {
    @ParentCommand
    private TokenizerCommand parent;

    @Spec
    private CommandSpec spec;

    @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE",
            description = "Files of text, not folders.")
    private List<Path> data;

    @Option(names = "--vocab", required = true, paramLabel = "N",
            description = "Number of ids, at least 257; smaller if no pair of symbols repeats.")
    private int vocabulary;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder to create, new or empty.")
    private Path out;

    @Override
    public Integer call() {
        Range.atLeast(spec, "--vocab", vocabulary, TokenizerTrainer.SMALLEST);
        Range.atMost(spec, "--vocab", vocabulary, TokenizerTrainer.LARGEST, "the most supported");
        NewFolder.check(out);
        DiskSpace.check(out, DiskSpace.SMALL);
        TokenizerTrainer trainer = new TokenizerTrainer();
        try (Progress progress = new Progress(parent.main, "reading")) {
            Documents.read(data, trainer::add, share -> progress.update(share, 1));
        }
        Trained trained;
        try (Progress progress = new Progress(parent.main, "merging")) {
            trained = trainer.train(vocabulary, share -> progress.update(share, 1));
        }
        NewFolder.create(parent.main, out,
                Map.of("tokenizer.json", file -> Files.writeString(file, trained.json())));
        if (trained.size() < vocabulary) {
            parent.main.note("note: the tokenizer has " + trained.size() + " ids, not " + vocabulary
                    + ": no other pair of symbols repeats in the texts");
        }
        return Main.DONE;
    }
}
