package io.github.t6j.cli;

import io.github.t6j.cli.schedule.Scheduler;
import io.github.t6j.cli.schedule.Scoring;
import io.github.t6j.cli.schedule.Ticket;
import io.github.t6j.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Log-likelihoods of choices after their context, by lm-evaluation-harness' rules: context and choice are tokenised
 * together, and the choice is what follows as many ids as the context has alone; an empty context is {@code
 * <|endoftext|>}, or what else documents begin with; what does not fit is cut from the left.
 */
final class ChoiceScorer {
    private final Tokenizer tokenizer;
    private final Scheduler scheduler;

    ChoiceScorer(Tokenizer tokenizer, Scheduler scheduler) {
        this.tokenizer = tokenizer;
        this.scheduler = scheduler;
    }

    /**
     * Submits all choices of a question: a context that several have is fed once.
     *
     * @return of {@link #logLikelihoods}
     * @throws CommandFailure if a choice cannot be scored
     */
    Ticket submit(Question question) {
        List<Scoring> scorings = new ArrayList<>();
        for (int choice = 0; choice < question.choices().size(); choice++) {
            Scoring one = scoring(question, choice);
            if (!scorings.isEmpty() && Arrays.equals(scorings.getLast().prompt(), one.prompt())) {
                List<int[]> together = new ArrayList<>(scorings.removeLast().continuations());
                together.addAll(one.continuations());
                one = new Scoring(one.prompt(), together);
            }
            scorings.add(one);
        }
        Ticket ticket = new Ticket();
        scorings.forEach(scoring -> scheduler.submit(scoring, ticket));
        return ticket;
    }

    private Scoring scoring(Question question, int choice) {
        String text = question.contextStripped();
        int[] context = tokenizer.encode(text);
        int[] whole = tokenizer.encode(text + question.continuation(choice));
        int[] scored = Arrays.copyOfRange(whole, Math.min(context.length, whole.length), whole.length);
        if (context.length == 0) {
            context = new int[] {documentStart(question)};
        }
        int room = scheduler.contextLength();
        if (scored.length == 0 || scored.length > room) {
            throw new CommandFailure(question.where() + ": choices: expected texts of 1 to " + room
                    + " tokens, the model's context, found " + scored.length + " at index " + choice);
        }
        // the last id is not fed: nothing is asked after it
        int kept = Math.min(context.length, room - (scored.length - 1));
        return new Scoring(Arrays.copyOfRange(context, context.length - kept, context.length), List.of(scored));
    }

    private int documentStart(Question question) {
        if (tokenizer.documentStart() < 0) {
            throw new CommandFailure(
                    question.where() + ": context: expected a text, found none, and the tokenizer has no"
                            + " <|endoftext|> to stand for it");
        }
        return tokenizer.documentStart();
    }

    /**
     * Waits for what {@link #submit} submitted.
     *
     * @return a sum of natural logarithms a choice
     * @throws CommandFailure if one is no number
     */
    static double[] logLikelihoods(Question question, Ticket ticket) throws InterruptedException {
        double[] sums = new double[question.choices().size()];
        int choice = 0;
        for (List<float[]> scoring : ticket.scored()) {
            for (float[] logProbabilities : scoring) {
                for (float one : logProbabilities) {
                    sums[choice] += one;
                }
                if (!Double.isFinite(sums[choice])) {
                    throw new CommandFailure(question.where() + ": choices: expected log-likelihoods, found "
                            + sums[choice] + " at index " + choice
                            + "; the model produced it: are its weights damaged?");
                }
                choice++;
            }
        }
        return sums;
    }
}
