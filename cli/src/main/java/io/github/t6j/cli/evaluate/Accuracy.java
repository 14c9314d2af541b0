package io.github.t6j.cli.evaluate;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Counts correct answers, chosen by a choice's summed log-likelihood (acc) and by its mean per character (acc_norm).
 */
final class Accuracy {
    private int questions;
    private int right;
    private int rightPerCharacter;

    int questions() {
        return questions;
    }

    /** Returns the result of a question, as a line of {@code --details} has it. */
    static Map<String, Object> result(Question question, double[] logLikelihoods) {
        double[] perCharacter = new double[logLikelihoods.length];
        Arrays.setAll(perCharacter, choice -> logLikelihoods[choice] / question.characters(choice));
        int choice = largest(logLikelihoods);
        int choicePerCharacter = largest(perCharacter);
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("question", question.where());
        result.put("context", question.context());
        result.put("choices", question.choices());
        result.put("gold", (long) question.gold());
        result.put("log_likelihoods", Arrays.stream(logLikelihoods).boxed().toList());
        result.put("choice", (long) choice);
        result.put("choice_norm", (long) choicePerCharacter);
        return result;
    }

    /** Adds a {@link #result} to the counts. */
    void add(Map<String, Object> result) {
        questions++;
        right += result.get("gold").equals(result.get("choice")) ? 1 : 0;
        rightPerCharacter += result.get("gold").equals(result.get("choice_norm")) ? 1 : 0;
    }

    /** Returns the index of the largest element; of equal ones, the first. */
    private static int largest(double[] elements) {
        int best = 0;
        for (int i = 1; i < elements.length; i++) {
            if (elements[i] > elements[best]) {
                best = i;
            }
        }
        return best;
    }

    /** Returns the counts as one line of progress. */
    String line() {
        return String.format(Locale.ROOT, "%d %s, acc %.3f, acc_norm %.3f", questions,
                questions == 1 ? "question" : "questions", (double) right / questions,
                (double) rightPerCharacter / questions);
    }

    /** Returns the fields that {@code --json} prints. */
    Map<String, Object> fields() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("questions", questions);
        put("acc", right, questions, fields);
        put("acc_norm", rightPerCharacter, questions, fields);
        return fields;
    }

    /** Puts a mean of zeros and ones and its standard error, from the sample deviation; null for a single question. */
    static void put(String metric, int count, int questions, Map<String, Object> fields) {
        double mean = (double) count / questions;
        fields.put(metric, mean);
        fields.put(metric + "_stderr", questions == 1 ? null : Math.sqrt(mean * (1 - mean) / (questions - 1)));
    }
}
