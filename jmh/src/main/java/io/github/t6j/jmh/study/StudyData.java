package io.github.t6j.jmh.study;

import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.training.TokenData;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** Texts of the study as tokens, in a folder that may be deleted at any time. */
final class StudyData implements AutoCloseable {
    final Path tokenizer;
    final TokenData train;
    final TokenData validation;
    final TokenData test;
    final double validationTokensPerByte;
    final double testTokensPerByte;

    /**
     * @param testdata the project's folder of that name
     * @param work folder for unpacked texts and their tokens
     */
    StudyData(Path testdata, Path work) throws IOException {
        tokenizer = testdata.resolve("tokenizers/bpe4096");
        Tokenizer bpe = Tokenizer.load(tokenizer);
        Path text = testdata.resolve("text");
        Path trainText = work.resolve("train.txt");
        if (!Files.exists(trainText)) {
            try (InputStream in = new GZIPInputStream(Files.newInputStream(text.resolve("train.txt.gz")))) {
                Path partial = work.resolve("train.txt.partial");
                Files.copy(in, partial, StandardCopyOption.REPLACE_EXISTING);
                Files.move(partial, trainText, StandardCopyOption.ATOMIC_MOVE);
            }
        }
        Path validationText = copy(text.resolve("valid.txt"), work);
        Path testText = copy(text.resolve("test.txt"), work);
        train = open(trainText, bpe);
        validation = open(validationText, bpe);
        test = open(testText, bpe);
        validationTokensPerByte = (double) validation.size() / Files.size(validationText);
        testTokensPerByte = (double) test.size() / Files.size(testText);
    }

    private static Path copy(Path file, Path work) throws IOException {
        return Files.copy(file, work.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING,
                StandardCopyOption.COPY_ATTRIBUTES);
    }

    private static TokenData open(Path file, Tokenizer bpe) {
        return TokenData.open(List.of(file), bpe, bpe.size(), share -> {
        });
    }

    @Override
    public void close() {
        train.close();
        validation.close();
        test.close();
    }
}
