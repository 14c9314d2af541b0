package io.github.t6j.cli;

import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.training.TokenData;
import io.github.t6j.training.Trainer;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What a run reads.
 *
 * @param all the files to train on
 * @param training what of them is trained on
 * @param validation what is validated on
 */
record TrainingText(TokenData all, TokenData training, TokenData validation) implements AutoCloseable {
    /** One part in so many is held out. */
    private static final int HELD_OUT = 20;

    /** @param valid a file to validate on, or null: hold out the end of the data */
    static TrainingText open(Main main, List<Path> data, Path valid, Tokenizer tokenizer, Trainer trainer) {
        int context = trainer.options().batches().context();
        TokenData all = open(main, data, tokenizer, trainer);
        try {
            if (valid != null) {
                TokenData validation = open(main, List.of(valid), tokenizer, trainer);
                checkLength(List.of(valid), validation, context + 1L, context);
                checkLength(data, all, context + 1L, context);
                return new TrainingText(all, all, validation);
            }
            checkLength(data, all, 2L * (context + 1), context);
            long held = Math.max(context + 1, all.size() / HELD_OUT);
            main.note("the last " + held + " of the data's " + all.size() + " tokens are held out for validation");
            return new TrainingText(
                    all, all.part(0, all.size() - held), all.part(all.size() - held, all.size()));
        } catch (RuntimeException | Error failure) {
            all.close();
            throw failure;
        }
    }

    private static TokenData open(Main main, List<Path> files, Tokenizer tokenizer, Trainer trainer) {
        try (Progress progress = new Progress(main, "tokenizing")) {
            return TokenData.open(files, tokenizer, trainer.vocabulary(), share -> progress.update(share, 1));
        }
    }

    private static void checkLength(List<Path> files, TokenData data, long least, int context) {
        if (data.size() < least) {
            throw new CommandFailure(files.stream().map(Path::toString).collect(Collectors.joining(", "))
                    + ": expected at least " + least + " tokens for a context of " + context + ", found " + data.size()
                    + ": give more text, or a smaller --context");
        }
    }

    @Override
    public void close() {
        validation.close();
        all.close();
    }
}
