package io.github.t6j.mini.data;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.chat.AnswerListener;
import io.github.t6j.chat.ChatModel;
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
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/** Scorer of held-out questions: asks a model each of them, greedily, and prints the share of right answers by kind. */
public final class Score {
    private static final String USAGE = """
            usage: Score --model DIR --held-out FILE|DIR [--limit N] [--answers FILE]
              --limit N        questions of each file, from its beginning [all]
              --answers FILE   JSONL to write: each question with the answer and whether it is right""";
    private static final int TOGETHER = 32;
    private static final int MAX_TOKENS = 400;
    private static final int MIN_WORDS = 60;
    private static final String STORIES = "stories";

    private final ChatModel model;
    private final List<String> answers = new ArrayList<>();

    /** Number of questions of a kind, and of right answers. */
    record Result(String kind, int asked, int right) {
        double accuracy() {
            return (double) right / asked;
        }

        double standardError() {
            return Math.sqrt(accuracy() * (1 - accuracy()) / asked);
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "| %s | %d | %.1f %% | %.1f |", kind, asked, 100 * accuracy(),
                    100 * standardError());
        }
    }

    private Score(ChatModel model) {
        this.model = model;
    }

    /** Prints a table; {@link #USAGE} lists the arguments. */
    public static void main(String[] args) throws Exception {
        Map<String, String> options = Arguments.parse(args, "--model", "--held-out", "--limit", "--answers");
        if (options == null || !options.containsKey("--model") || !options.containsKey("--held-out")) {
            System.err.println(USAGE);
            System.exit(2);
        }
        int limit = Integer.parseInt(options.getOrDefault("--limit", "" + Integer.MAX_VALUE));
        try (Model model = Model.load(Path.of(options.get("--model")), ModelOptions.defaults());
                Scheduler scheduler = new Scheduler(model, SchedulerOptions.defaults().withRunning(TOGETHER)
                        .withQueued(2 * TOGETHER))) {
            Score score = new Score(ChatModel.of(model).withScheduler(scheduler));
            System.out.println("| kind | questions | right | standard error |\n|---|--:|--:|--:|");
            for (Path file : files(Path.of(options.get("--held-out")))) {
                System.out.println(score.of(file, limit));
            }
            if (options.containsKey("--answers")) {
                Files.write(Path.of(options.get("--answers")), score.answers);
            }
        }
    }

    private static List<Path> files(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return List.of(path);
        }
        try (Stream<Path> files = Files.list(path)) {
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
        String kind = questions.getFirst().get("kind").toString();
        int right = 0;
        List<Future<String>> given = new ArrayList<>();
        try (ExecutorService askers = Executors.newFixedThreadPool(TOGETHER)) {
            questions.forEach(question -> given.add(askers.submit(() -> answer(question))));
            for (int i = 0; i < given.size(); i++) {
                boolean accepted = isRight(questions.get(i), given.get(i).get());
                right += accepted ? 1 : 0;
                answers.add(JsonText.of(List.of(kind, accepted, questions.get(i).get("messages"), given.get(i).get())));
            }
        }
        return new Result(kind, questions.size(), right);
    }

    private String answer(Map<String, Object> question) {
        List<Message> messages = Json.array(question.get("messages"), "messages").stream()
                .map(message -> Message.from(message, "messages")).toList();
        ChatOptions options = model.options().withGeneration(
                generation -> generation.withSampling(SamplingOptions.greedy()).withMaxTokens(MAX_TOKENS));
        return model.answer(messages, options, AnswerListener.none()).content();
    }

    /** Returns true if an answer meets the condition of a line of a held-out file. */
    static boolean isRight(Map<String, Object> question, String answer) {
        if (STORIES.equals(question.get("kind"))) {
            List<String> names = Json.array(question.get("names"), "names").stream().map(Object::toString).toList();
            return answer.split("\\s+").length >= MIN_WORDS && StoryCheck.faults(answer, names).isEmpty();
        }
        return Check.of(Json.object(question.get("check"), "check")).accepts(answer);
    }
}
