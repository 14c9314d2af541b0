package io.github.t6j.mini.data;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPInputStream;

/**
 * Selection of a text for pre-training: some of its documents, without the paragraphs that contain an offensive word
 * ({@link WordFilter}).
 */
public final class Books {
    private static final String USAGE = """
            usage: Books --data FILE --out FILE [--megabytes N] [--seed N]
              --data FILE      UTF-8 text or its .gz, with <|endoftext|> between documents
              --megabytes N    size of the selection [all]""";

    private Books() {}

    /** Writes the selection, and prints how much the filter dropped. */
    public static void main(String[] args) throws IOException {
        Map<String, String> options = Arguments.parse(args, "--data", "--out", "--megabytes", "--seed");
        if (options == null || !options.containsKey("--data") || !options.containsKey("--out")) {
            System.err.println(USAGE);
            System.exit(2);
        }
        long max = Long.parseLong(options.getOrDefault("--megabytes", "1000000")) * 1_000_000;
        Random random = new Random(Long.parseLong(options.getOrDefault("--seed", "1")));
        List<String> documents =
                new ArrayList<>(List.of(read(Path.of(options.get("--data"))).split("<\\|endoftext\\|>")));
        Collections.shuffle(documents, random);
        WordFilter filter = WordFilter.offensive();
        long written = 0;
        try (BufferedWriter out = Files.newBufferedWriter(Path.of(options.get("--out")))) {
            for (String document : documents) {
                String kept = filter.without(document.strip());
                if (!kept.isEmpty() && written < max) {
                    out.write(kept + ChatText.END);
                    written += kept.getBytes(StandardCharsets.UTF_8).length;
                }
            }
        }
        System.out.println("wrote " + written + " bytes; of the whole text the filter drops " + filter.dropped()
                + " of "
                + filter.paragraphs() + " paragraphs, " + filter.droppedCharacters() + " of " + filter.characters()
                + " characters");
    }

    private static String read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            InputStream text = file.toString().endsWith(".gz") ? new GZIPInputStream(in) : in;
            return new String(text.readAllBytes(), StandardCharsets.UTF_8).replace("\r\n", "\n");
        }
    }
}
