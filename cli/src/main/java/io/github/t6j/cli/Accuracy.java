package io.github.t6j.cli;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** How many questions were answered rightly so far, by the sum of a choice's log-likelihoods and by their mean a character. */
final class Accuracy {
    private int questions;
    private int right;
    private int rightPerCharacter;

    int questions() {
        return questions;
    }

    /** What came of a question. */
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

    /** Counts what {@link #result} says. */
    void add(Map<String, Object> result) {
        questions++;
        right += result.get("gold").equals(result.get("choice")) ? 1 : 0;
        rightPerCharacter += result.get("gold").equals(result.get("choice_norm")) ? 1 : 0;
    }

    /** Index of the largest number, the first of equal ones. */
    private static int largest(double[] elements) {
        int best = 0;
        for (int i = 1; i < elements.length; i++) {
            if (elements[i] > elements[best]) {
                best = i;
            }
        }
        return best;
    }

    /** For the person who waits. */
    String line() {
        return String.format(Locale.ROOT, "%d questions, acc %.3f, acc_norm %.3f", questions,
                (double) right / questions, (double) rightPerCharacter / questions);
    }

    /** What {@code --json} prints. */
    Map<String, Object> fields() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("questions", questions);
        put("acc", right, fields);
        put("acc_norm", rightPerCharacter, fields);
        return fields;
    }

    /** A mean of zeros and ones and its standard error, by the deviation of a sample; null of a single one. */
    private void put(String metric, int count, Map<String, Object> fields) {
        double mean = (double) count / questions;
        fields.put(metric, mean);
        fields.put(metric + "_stderr", questions == 1 ? null : Math.sqrt(mean * (1 - mean) / (questions - 1)));
    }
}
