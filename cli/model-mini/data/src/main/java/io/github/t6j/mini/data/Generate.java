package io.github.t6j.mini.data;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;

/**
 * Generator of the mini model's training data: text for pre-training, conversations, held-out questions, and the files
 * of a chat model. The same options give the same bytes.
 */
public final class Generate {
    private static final String USAGE = """
            usage: Generate --out DIR [--seed N] [--megabytes N] [--conversations N] [--held-out N]
              --out DIR            folder to write to
              --seed N             another seed gives other texts, but the same division [1]
              --megabytes N        size of pretrain.txt [45]
              --conversations N    lines of talk.jsonl, documents of talk.txt [80000]
              --held-out N         questions of each kind [400]""";
    private static final double VALIDATION = 0.01;
    private static final double STORIES = 0.1;
    private static final double FACTS = 0.4;

    private final Path out;
    private final long seed;
    private final Topics topics = new Topics();

    private Generate(Path out, long seed) {
        this.out = out;
        this.seed = seed;
    }

    /** Writes the data; {@link #USAGE} lists the arguments. */
    public static void main(String[] args) throws IOException {
        Map<String, String> options =
                Arguments.parse(args, "--out", "--seed", "--megabytes", "--conversations", "--held-out");
        if (options == null || !options.containsKey("--out")) {
            System.err.println(USAGE);
            System.exit(2);
        }
        Generate generate = new Generate(Path.of(options.get("--out")), number(options, "--seed", 1));
        generate.write(number(options, "--megabytes", 45) * 1_000_000, (int) number(options, "--conversations", 80_000),
                (int) number(options, "--held-out", 400));
    }

    private static long number(Map<String, String> options, String name, long otherwise) {
        return Long.parseLong(options.getOrDefault(name, Long.toString(otherwise)));
    }

    private void write(long bytes, int conversations, int heldOut) throws IOException {
        Files.createDirectories(out);
        texts("pretrain.txt", bytes, new Texts(topics, new Random(seed))::next);
        texts("pretrain-valid.txt", (long) (bytes * VALIDATION), new Texts(topics, new Random(~seed))::next);
        texts("facts.txt", (long) (bytes * FACTS), new Texts(topics, new Random(seed + 4))::facts);
        texts("stories.txt", (long) (bytes * STORIES), new Texts(topics, new Random(seed + 3))::story);
        talk("talk", conversations, new Random(seed + 1));
        talk("talk-valid", (int) Math.ceil(conversations * VALIDATION), new Random(~(seed + 1)));
        for (var file : new HeldOut(topics, heldOut, new Random(seed + 2)).files().entrySet()) {
            Path path = out.resolve("held-out/" + file.getKey() + ".jsonl");
            Files.createDirectories(path.getParent());
            Files.write(path, file.getValue());
        }
        for (String name : List.of("chat_template.jinja", "generation_config.json")) {
            try (var in = Generate.class.getResourceAsStream(name)) {
                Files.write(out.resolve(name), in.readAllBytes());
            }
        }
    }

    private void texts(String name, long bytes, Supplier<String> texts) throws IOException {
        try (BufferedWriter file = Files.newBufferedWriter(out.resolve(name))) {
            for (long written = 0; written < bytes;) {
                String text = texts.get();
                String document = text.endsWith(ChatText.END) ? text : text + ChatText.END;
                file.write(document);
                written += document.length(); // nearly all letters are ASCII
            }
        }
    }

    private void talk(String name, int count, Random random) throws IOException {
        Conversations conversations = new Conversations(topics, random);
        try (BufferedWriter json = Files.newBufferedWriter(out.resolve(name + ".jsonl"));
                BufferedWriter text = Files.newBufferedWriter(out.resolve(name + ".txt"))) {
            for (int i = 0; i < count; i++) {
                List<Turn> turns = conversations.next();
                json.write(JsonText.of(Map.of("messages", Turn.json(turns))) + "\n");
                text.write(ChatText.of(turns));
            }
        }
    }
}
