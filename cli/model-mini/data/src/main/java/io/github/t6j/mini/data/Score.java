package io.github.t6j.mini.data;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.chat.AnswerListener;
import io.github.t6j.chat.Chat;
import io.github.t6j.chat.ChatOptions;
import io.github.t6j.chat.Message;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.schedule.Scheduler;
import io.github.t6j.schedule.SchedulerOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Scorer: asks a model held-out questions, greedily, and prints the share of right answers by kind; or prints its
 * answers to a file of questions, to be checked by hand.
 */
public final class Score {
    private static final String USAGE = """
            usage: Score --model DIR --held-out FILE|DIR [--limit N] [--answers FILE] [--json FILE]
                   Score --model DIR --questions FILE
              --limit N         questions of each file, from its beginning [all]
              --answers FILE    JSONL to write: each question with the answer and whether it is right
              --json FILE       the table as JSON to write
              --questions FILE  lines with a question, a tab, and accepted answers in words""";
    private static final int TOGETHER = 32;
    private static final int MAX_TOKENS = 400;
    private static final int MIN_WORDS = 60;

    private final Chat model;
    private final List<String> answers = new ArrayList<>();

    /** Number of questions of a file, and of right answers. */
    record Result(String set, String kind, int asked, int right) {
        double accuracy() {
            return (double) right / asked;
        }

        double standardError() {
            return Math.sqrt(accuracy() * (1 - accuracy()) / asked);
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "| %s | %s | %d | %.1f %% | %.1f |", set, kind, asked, 100 * accuracy(),
                    100 * standardError());
        }
    }

    private Score(Chat model) {
        this.model = model;
    }

    /** Prints a table; {@link #USAGE} lists the arguments. */
    public static void main(String[] args) throws Exception {
        Map<String, String> options = Arguments.parse(args, "--model", "--held-out", "--limit", "--answers", "--json",
                "--questions");
        if (options == null || !options.containsKey("--model")
                || options.containsKey("--held-out") == options.containsKey("--questions")) {
            System.err.println(USAGE);
            System.exit(2);
        }
        try (Model model = Model.load(Path.of(options.get("--model")), ModelOptions.defaults());
                Scheduler scheduler = new Scheduler(model, SchedulerOptions.defaults().withMaxRunning(TOGETHER)
                        .withMaxQueued(2 * TOGETHER))) {
            Score score = new Score(Chat.of(model).withScheduler(scheduler));
            if (options.containsKey("--questions")) {
                score.print(Path.of(options.get("--questions")));
            } else {
                score.table(options);
            }
        }
    }

    private void table(Map<String, String> options) throws Exception {
        int limit = Integer.parseInt(options.getOrDefault("--limit", "" + Integer.MAX_VALUE));
        List<Result> results = new ArrayList<>();
        System.out.println("| set | kind | questions | right | standard error |\n|---|---|--:|--:|--:|");
        for (Path file : files(Path.of(options.get("--held-out")))) {
            results.add(of(file, limit));
            System.out.println(results.getLast());
        }
        System.out.println("\n| set | mean of its kinds |\n|---|--:|");
        means(results).forEach((set, mean) -> System.out.printf(Locale.ROOT, "| %s | %.1f %% |%n", set, 100 * mean));
        if (options.containsKey("--answers")) {
            Files.write(Path.of(options.get("--answers")), answers);
        }
        if (options.containsKey("--json")) {
            List<Object> rows = new ArrayList<>();
            results.forEach(result -> rows.add(Map.of("set", result.set(), "kind", result.kind(), "questions",
                    result.asked(), "right", result.right())));
            Files.writeString(Path.of(options.get("--json")), JsonText.of(rows) + "\n");
        }
    }

    static Map<String, Double> means(List<Result> results) {
        return results.stream().collect(Collectors.groupingBy(Result::set, TreeMap::new,
                Collectors.averagingDouble(Result::accuracy)));
    }

    /** Prints each question, the accepted answers, the model's answer, and whether it has the words of one. */
    private void print(Path file) throws Exception {
        List<String> lines = Files.readAllLines(file).stream().filter(line -> !line.isBlank()).toList();
        List<String> given = answers(lines.stream()
                .map(line -> List.of(Message.user(line.split("\t")[0]))).toList());
        for (int i = 0; i < lines.size(); i++) {
            String[] cells = lines.get(i).split("\t");
            String accepted = cells.length > 1 ? cells[1] : "";
            boolean has = Check.words(List.of(accepted.split("\\s*[;/|]\\s*")), List.of()).accepts(given.get(i));
            System.out.println(String.join("\t", cells[0], accepted, given.get(i).replace('\n', ' '),
                    has ? "has it" : "?"));
        }
    }

    private static List<Path> files(Path path) throws IOException {
        try (Stream<Path> files = Files.walk(path)) {
            return files.filter(file -> file.toString().endsWith(".jsonl")).sorted().toList();
        }
    }

    private Result of(Path file, int limit) throws Exception {
        List<Map<String, Object>> questions = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            if (questions.size() < limit) {
                questions.add(Json.parseObject(line.getBytes(StandardCharsets.UTF_8), file.toString()));
            }
        }
        if (questions.isEmpty()) {
            throw new IllegalArgumentException(file + ": expected at least one question, found none");
        }
        int right = 0;
        List<List<Message>> asked = new ArrayList<>();
        for (Map<String, Object> question : questions) {
            asked.add(Json.array(question.get("messages"), "messages").stream()
                    .map(message -> Message.from(message, "messages")).toList());
        }
        List<String> given = answers(asked);
        String kind = file.getFileName().toString().replace(".jsonl", "");
        String set = file.toAbsolutePath().getParent().getFileName().toString();
        for (int i = 0; i < given.size(); i++) {
            boolean accepted = isRight(questions.get(i), given.get(i));
            right += accepted ? 1 : 0;
            answers.add(JsonText.of(List.of(set, kind, accepted, questions.get(i).get("messages"), given.get(i))));
        }
        return new Result(set, kind, questions.size(), right);
    }

    private List<String> answers(List<List<Message>> asked) throws Exception {
        List<Future<String>> given = new ArrayList<>();
        try (ExecutorService askers = Executors.newFixedThreadPool(TOGETHER)) {
            asked.forEach(messages -> given.add(askers.submit(() -> answer(messages))));
            List<String> texts = new ArrayList<>();
            for (Future<String> answer : given) {
                texts.add(answer.get());
            }
            return texts;
        }
    }

    private String answer(List<Message> messages) {
        ChatOptions options = model.options().withGeneration(
                generation -> generation.withSampling(SamplingOptions.greedy()).withMaxTokens(MAX_TOKENS));
        return model.answer(messages, options, AnswerListener.none()).content();
    }

    /** Returns true if an answer meets the condition of a line of a held-out file. */
    static boolean isRight(Map<String, Object> question, String answer) {
        if (question.get("names") == null) {
            return Check.of(Json.object(question.get("check"), "check")).accepts(answer);
        }
        List<String> names = strings(question.get("names"));
        List<String> about = strings(question.get("about"));
        String story = StoryTalk.told(answer);
        return story.split("\\s+").length >= MIN_WORDS && StoryCheck.faults(story, names).isEmpty()
                && StoryCheck.isAbout(story, about);
    }

    private static List<String> strings(Object list) {
        return Json.array(list, "list").stream().map(Object::toString).toList();
    }
}
