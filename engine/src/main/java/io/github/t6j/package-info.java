/**
 * The public door: load a {@link io.github.t6j.Model}, open a {@link io.github.t6j.Session}, generate or feed ids. May
 * use every other package; none may use it, except {@link io.github.t6j.ModelFormatException} and {@link io.github.t6j.RopeVariant}.
 */
package io.github.t6j;
