/** A T6 of 7.4 million parameters, which comes in this module's jar. */
package io.github.t6j.mini;
