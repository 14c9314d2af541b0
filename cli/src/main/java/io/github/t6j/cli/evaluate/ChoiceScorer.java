package io.github.t6j.cli.evaluate;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Prompt;
import io.github.t6j.cli.generate.LineWork;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.schedule.Scheduler;
import io.github.t6j.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Scores choices after their context by the rules of lm-evaluation-harness. Context and choice are tokenised together;
 * the choice begins after the number of ids that the context alone has. An empty context is replaced by {@code
 * <|endoftext|>} or the model's other document separator. Ids that do not fit are cut from the left.
 */
final class ChoiceScorer {
    /** Texts with the same context. */
    private record Scoring(int[] prompt, List<int[]> continuations) {}

    private final Tokenizer tokenizer;
    private final Scheduler scheduler;
    private final String examples;

    /** @param examples text before each question; may be empty */
    ChoiceScorer(Tokenizer tokenizer, Scheduler scheduler, String examples) {
        this.tokenizer = tokenizer;
        this.scheduler = scheduler;
        this.examples = examples;
    }

    /**
     * Submits all choices of a question. The model reads a shared context once.
     *
     * @return results for {@link #logLikelihoods}
     * @throws CommandFailure if a choice cannot be scored
     */
    List<CompletableFuture<List<float[]>>> submit(Question question) {
        List<Scoring> scorings = new ArrayList<>();
        for (int choice = 0; choice < question.choices().size(); choice++) {
            Scoring scoring = scoring(question, choice);
            if (!scorings.isEmpty() && Arrays.equals(scorings.getLast().prompt(), scoring.prompt())) {
                List<int[]> together = new ArrayList<>(scorings.removeLast().continuations());
                together.addAll(scoring.continuations());
                scoring = new Scoring(scoring.prompt(), together);
            }
            scorings.add(scoring);
        }
        return scorings.stream()
                .map(scoring -> scheduler.score(Prompt.of(scoring.prompt()), scoring.continuations())).toList();
    }

    /**
     * Submits the greedy generation after the context of a question with one choice. It ends at the first id that
     * differs from the choice.
     *
     * @return true if all ids are the choice's
     */
    CompletableFuture<Boolean> submitGreedy(Question question) {
        Scoring scoring = scoring(question, 0);
        int[] expected = scoring.continuations().getFirst();
        List<Integer> generated = new ArrayList<>();
        GenerationOptions options = GenerationOptions.defaults().withSampling(SamplingOptions.greedy())
                .withMaxTokens(expected.length).withIgnoreEndOfText(true);
        return scheduler.submit(Prompt.of(scoring.prompt()), options, token -> {
            generated.add(token.id());
            return token.id() == expected[generated.size() - 1];
        }).result().thenApply(_ -> generated.equals(Arrays.stream(expected).boxed().toList()));
    }

    private Scoring scoring(Question question, int choice) {
        String text = examples + question.contextStripped();
        int[] context = tokenizer.encodePrompt(text);
        int[] whole = tokenizer.encodePrompt(text + question.continuation(choice));
        int[] scored = Arrays.copyOfRange(whole, Math.min(context.length, whole.length), whole.length);
        if (context.length == 0) {
            context = new int[] {documentStart(question)};
        }
        int room = scheduler.contextLength();
        if (scored.length == 0 || scored.length > room) {
            throw new CommandFailure(question.where() + ": choices: expected texts of 1 to " + room
                    + " tokens, which fit the model's context, found " + scored.length + " at index " + choice);
        }
        // The last id is not fed: no logits are needed after it.
        int kept = Math.min(context.length, room - (scored.length - 1));
        return new Scoring(Arrays.copyOfRange(context, context.length - kept, context.length), List.of(scored));
    }

    private int documentStart(Question question) {
        if (tokenizer.documentStart() < 0) {
            throw new CommandFailure(
                    question.where() + ": context: expected a text, found an empty one, and the tokenizer has no"
                            + " <|endoftext|> to replace it: give the question a context");
        }
        return tokenizer.documentStart();
    }

    /**
     * Waits for the log-likelihoods that {@link #submit} requested.
     *
     * @return the sum of natural logarithms of each choice
     * @throws CommandFailure if one is NaN or infinite
     */
    static double[] logLikelihoods(Question question, List<CompletableFuture<List<float[]>>> scorings)
            throws InterruptedException {
        double[] sums = new double[question.choices().size()];
        int choice = 0;
        for (CompletableFuture<List<float[]>> scoring : scorings) {
            for (float[] logProbabilities : LineWork.await(scoring)) {
                for (float logProbability : logProbabilities) {
                    sums[choice] += logProbability;
                }
                if (!Double.isFinite(sums[choice])) {
                    throw new CommandFailure(question.where() + ": choices: expected finite log-likelihoods, found "
                            + sums[choice] + " at index " + choice
                            + ", computed by the model: check its weights for damage");
                }
                choice++;
            }
        }
        return sums;
    }
}
