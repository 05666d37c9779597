#!/usr/bin/env Rscript
# Remakes pinned/*.json from data/*.csv: `Rscript make_reference.R [dataset ...]`, run in this folder.
#
# Every number comes from metafor, lme4, clubSandwich, base R's own functions or a formula written out here, with
# iterations carried on until they stand still (metafor stops its own at an absolute step of 1e-5 unless told
# otherwise). What R refuses is kept as {"error": ...}. The layout of the files is described in README.md.

suppressMessages({
  library(metafor)
  library(jsonlite)
  library(numDeriv)
})

LEVEL <- 0.95
ALPHA <- 1 - LEVEL
Z <- qnorm(1 - ALPHA / 2)
ESTIMATORS <- c("REML", "ML", "DL", "PM", "EB", "SJ", "HS", "HE")
TESTS <- c("z", "t", "knha", "adhoc")

# ---- small tools ------------------------------------------------------------------------------------------------

quiet <- function(expr) suppressWarnings(suppressMessages(expr))

safe <- function(expr) {
  value <- try(quiet(expr), silent = TRUE)
  if (!inherits(value, "try-error")) return(value)
  list(error = gsub("\\s+", " ", trimws(conditionMessage(attr(value, "condition")))))
}

failed <- function(x) is.list(x) && !is.null(x$error)
num <- function(x) unname(as.numeric(x))
vec <- function(x) I(num(x))                      # a list in JSON even when it has one element
words <- function(x) I(as.character(x))
pair <- function(low, high) vec(c(low, high))

with_names <- function(names, f) {
  out <- lapply(names, function(name) safe(f(name)))
  names(out) <- names
  out
}

# ---- one random-effects fit, converged --------------------------------------------------------------------------

# Steps and roots are judged on the scale of the data.
scale_of <- function(yi, vi) max(median(vi), if (length(yi) > 1) var(yi))

control_for <- function(yi, vi) {
  scale <- scale_of(yi, vi)
  list(threshold = 1e-14 * scale, tol = 1e-14 * scale, maxiter = 20000, tau2.max = 1e4 * max(scale, 1))
}

fit <- function(yi, vi, method = "REML", test = "z", mods = NULL, control = control_for(yi, vi), ...) {
  if (is.null(mods)) {
    metafor::rma(yi, vi, method = method, test = test, control = control, ...)
  } else {
    metafor::rma(yi, vi, mods = mods, method = method, test = test, control = control, ...)
  }
}

# Restricted or full log-likelihood of tau2 up to a constant, with the mean (or regression) profiled out.
profile_loglik <- function(tau2, yi, vi, X, reml) {
  w <- 1 / (vi + tau2)
  information <- crossprod(X, w * X)
  residual <- yi - X %*% solve(information, crossprod(X, w * yi))
  sum(log(w)) / 2 - sum(w * residual^2) / 2 - if (reml) determinant(information)$modulus / 2 else 0
}

# Stops unless REML and ML stand at the highest peak: no further scoring step to take, no better point on a wide grid.
check_peak <- function(res) {
  if (!(res$method %in% c("REML", "ML")) || res$k == 1) return(invisible())
  yi <- num(res$yi)
  vi <- num(res$vi)
  reml <- res$method == "REML"
  f <- function(tau2) profile_loglik(tau2, yi, vi, res$X, reml)
  unit <- scale_of(yi, vi)
  stopifnot(f(res$tau2) >= max(sapply(c(0, unit * 10^seq(-5, 2, by = 0.1)), f)) - 1e-9)
  if (res$tau2 > 1e-9 * unit) {
    w <- 1 / (vi + res$tau2)
    P <- diag(w) - (w * res$X) %*% solve(crossprod(res$X, w * res$X)) %*% t(w * res$X)
    step <- if (reml) (sum((P %*% yi)^2) - sum(diag(P))) / sum(P^2) else (sum((P %*% yi)^2) - sum(w)) / sum(w^2)
    stopifnot(abs(step) < 1e-11 * max(res$tau2, 1e-3 * unit))
  }
}

df_of <- function(res) {
  df <- num(res$ddf)
  if (length(df) == 0 || res$test == "z") Inf else df[1]
}

line <- function(res) {
  list(estimate = num(res$beta), se = num(res$se), statistic = num(res$zval), df = df_of(res), p = num(res$pval),
       ci_low = num(res$ci.lb), ci_high = num(res$ci.ub))
}

common <- function(yi, vi) {
  z <- fit(yi, vi, "EE")
  list(z = line(z), t = safe(line(fit(yi, vi, "EE", "t"))), weights = vec(weights(z)))
}

# Fisher scoring leaves 1e-14 or so where the answer is zero.
settled <- function(tau2, vi) if (tau2 < 1e-10 * median(vi)) 0 else tau2

random <- function(yi, vi, estimators = ESTIMATORS) {
  with_names(estimators, function(method) {
    z <- fit(yi, vi, method)
    check_peak(z)
    tau2 <- settled(z$tau2, vi)
    out <- list(tau2 = tau2, tau2_se = num(z$se.tau2), i2 = if (tau2 == 0) 0 else z$I2, h2 = if (tau2 == 0) 1 else z$H2)
    out <- c(out, with_names(TESTS, function(test) line(fit(yi, vi, method, test))))
    if (method %in% c("REML", "DL")) out$weights <- vec(weights(z))
    out
  })
}

# ---- heterogeneity and prediction -------------------------------------------------------------------------------

# Test-based interval of H: Higgins and Thompson (2002), the appendix's formula for the standard error of ln H.
test_based <- function(Q, k) {
  if (k < 3) return(list(error = "needs at least three studies"))
  se <- if (Q > k) 0.5 * (log(Q) - log(k - 1)) / (sqrt(2 * Q) - sqrt(2 * k - 3))
        else sqrt(1 / (2 * (k - 2)) * (1 - 1 / (3 * (k - 2)^2)))
  H <- pmax(1, exp(log(sqrt(Q / (k - 1))) + c(-1, 1) * Z * se))
  list(h = vec(H), i2 = vec(100 * (H^2 - 1) / H^2))
}

tau2_interval <- function(yi, vi, method, type) {
  scale <- scale_of(yi, vi)
  r <- confint(fit(yi, vi, method), type = type, control = list(tol = 1e-14 * scale, maxiter = 10000,
               tau2.max = 1e4 * max(scale, 1)))
  x <- r$random
  list(tau2 = vec(x[1, 2:3]), i2 = vec(x[3, 2:3]), h2 = vec(x[4, 2:3]), empty = isTRUE(r$ci.null),
       low_capped = r$lb.sign != "", high_capped = r$ub.sign != "")
}

heterogeneity <- function(yi, vi) {
  ce <- fit(yi, vi, "EE")
  k <- ce$k
  Q <- ce$QE
  list(k = k, q = Q, q_df = k - 1, q_p = ce$QEp,
       i2_from_q = if (Q > 0) max(0, 100 * (Q - (k - 1)) / Q) else 0, h2_from_q = Q / (k - 1),
       test_based = safe(test_based(Q, k)),
       q_profile = safe(tau2_interval(yi, vi, "REML", "QP")),
       profile_likelihood_reml = safe(tau2_interval(yi, vi, "REML", "PL")),
       profile_likelihood_ml = safe(tau2_interval(yi, vi, "ML", "PL")))
}

prediction <- function(yi, vi) {
  with_names(c("REML", "DL"), function(method) {
    z <- fit(yi, vi, method)
    k <- z$k
    if (k < 2) stop("needs at least two studies")
    se_hk <- fit(yi, vi, method, "knha")$se
    around <- function(quantile, se) vec(num(z$beta) + c(-1, 1) * quantile * sqrt(z$tau2 + se^2))
    list(z = around(Z, z$se), v = around(qt(1 - ALPHA / 2, k - 1), z$se),
         hts = if (k > 2) around(qt(1 - ALPHA / 2, k - 2), z$se) else list(error = "needs at least three studies"),
         hk = around(qt(1 - ALPHA / 2, k - 1), se_hk))
  })
}

pooled <- function(yi, vi, estimators = ESTIMATORS) {
  list(common = safe(common(yi, vi)), random = safe(random(yi, vi, estimators)), heterogeneity = safe(heterogeneity(yi, vi)),
       prediction = safe(prediction(yi, vi)))
}

# ---- sensitivity: leave one out, cumulative, influence, Baujat ----------------------------------------------------

COLUMNS <- c(estimate = "estimate", se = "se", zval = "statistic", tval = "statistic", pval = "p", ci.lb = "ci_low",
             ci.ub = "ci_high", Q = "q", tau2 = "tau2", I2 = "i2")

table_of <- function(x) {
  x <- unclass(x)
  x <- x[names(x) %in% names(COLUMNS)]
  names(x) <- COLUMNS[names(x)]
  nothing <- !is.na(x$i2) & x$i2 < 1e-8           # tau2 that Fisher scoring leaves where the answer is zero
  x$i2[nothing] <- 0
  if (!is.null(x$tau2)) x$tau2[nothing] <- 0
  lapply(x, vec)
}

influence_of <- function(yi, vi) {
  x <- influence(fit(yi, vi))
  m <- unclass(x$inf)
  list(rstudent = vec(m$rstudent), dffits = vec(m$dffits), cook_d = vec(m$cook.d), cov_r = vec(m$cov.r),
       tau2_del = vec(m$tau2.del), qe_del = vec(m$QE.del), hat = vec(m$hat), weight = vec(m$weight),
       dfbs = vec(unclass(x$dfbs)[[1]]), influential = I(as.logical(x$is.infl)))
}

baujat_of <- function(yi, vi, method) {
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  b <- baujat(fit(yi, vi, method))
  list(x = vec(b$x), y = vec(b$y))
}

sensitivity <- function(yi, vi, order = NULL) {
  out <- list(leave_one_out = list(
    REML_z = safe(table_of(leave1out(fit(yi, vi)))), REML_knha = safe(table_of(leave1out(fit(yi, vi, test = "knha")))),
    common = safe(table_of(leave1out(fit(yi, vi, "EE"))))))
  if (!is.null(order)) {
    o <- order(order)
    out$cumulative <- list(order = vec(o - 1), REML_z = safe(table_of(cumul(fit(yi[o], vi[o])))),
                           REML_knha = safe(table_of(cumul(fit(yi[o], vi[o], test = "knha")))),
                           common = safe(table_of(cumul(fit(yi[o], vi[o], "EE")))))
  }
  out$influence <- safe(influence_of(yi, vi))
  out$baujat <- list(common = safe(baujat_of(yi, vi, "EE")), REML = safe(baujat_of(yi, vi, "REML")))
  out
}

# ---- small-study effects ------------------------------------------------------------------------------------------

# Coefficient `row` of a weighted least-squares line with free dispersion, and its intercept as `limit`.
lm_test <- function(formula, weights, row = 2) {
  environment(formula) <- list2env(list(weights = weights), parent = environment(formula))
  m <- summary(lm(formula, weights = weights))
  if (nrow(m$coefficients) < 2 || m$df[2] < 1) stop("needs three studies that differ in the predictor")
  b <- m$coefficients[row, ]
  a <- m$coefficients[3 - row, ]
  half <- qt(1 - ALPHA / 2, m$df[2]) * a[2]
  list(bias = num(b[1]), bias_se = num(b[2]), statistic = num(b[3]), df = m$df[2], p = num(b[4]),
       limit = num(a[1]), limit_se = num(a[2]), limit_p = num(a[4]), limit_ci_low = num(a[1] - half),
       limit_ci_high = num(a[1] + half))
}

egger_random <- function(yi, vi) {
  r <- fit(yi, vi, "REML", mods = sqrt(vi))
  list(bias = num(r$beta[2]), bias_se = num(r$se[2]), statistic = num(r$zval[2]), p = num(r$pval[2]), tau2 = r$tau2,
       limit = num(r$beta[1]), limit_se = num(r$se[1]), limit_ci_low = num(r$ci.lb[1]), limit_ci_high = num(r$ci.ub[1]))
}

trim_and_fill <- function(yi, vi) {
  cases <- expand.grid(method = c("EE", "REML", "DL"), estimator = c("L0", "R0"), stringsAsFactors = FALSE)
  out <- lapply(seq_len(nrow(cases)), function(i) safe({
    r <- trimfill(fit(yi, vi, cases$method[i]), estimator = cases$estimator[i], control = control_for(yi, vi))
    c(list(k0 = r$k0, k0_se = r$se.k0, side = r$side, tau2 = r$tau2), line(r),
      list(filled_yi = vec(r$yi[r$fill]), filled_vi = vec(r$vi[r$fill])))
  }))
  names(out) <- paste(cases$estimator, cases$method, sep = "_")
  out
}

# Step-function selection with one cut-point (three-parameter model): the log-likelihood written out, and maximised
# from several starts until the gradient vanishes; metafor's answer beside it.
selection_model <- function(yi, vi, alternative) {
  cut <- if (alternative == "two.sided") 0.05 else 0.025
  se <- sqrt(vi)
  z <- yi / se
  p <- switch(alternative, greater = pnorm(-z), less = pnorm(z), two.sided = 2 * pnorm(-abs(z)))
  critical <- qnorm(1 - if (alternative == "two.sided") cut / 2 else cut) * se
  loglik <- function(mu, tau2, delta) {
    s <- sqrt(vi + tau2)
    inside <- switch(alternative, greater = pnorm(critical, mu, s, lower.tail = FALSE), less = pnorm(-critical, mu, s),
                     two.sided = pnorm(critical, mu, s, lower.tail = FALSE) + pnorm(-critical, mu, s))
    sum(dnorm(yi, mu, s, log = TRUE) + ifelse(p <= cut, 0, log(delta)) - log(inside + delta * (1 - inside)))
  }
  base <- fit(yi, vi, "ML")
  if (length(yi) < 3) stop("needs at least three studies")
  if (all(p <= cut) || all(p > cut)) stop("all studies are on one side of the step")
  start <- safe(selmodel(base, type = "stepfun", steps = cut, alternative = alternative))
  scale <- median(vi)
  mu <- num(base$beta)
  highest <- function(f, starts) {
    best <- list(value = -Inf)
    for (x in starts) {
      o <- try(newton(f, x), silent = TRUE)
      if (!inherits(o, "try-error") && o$value > best$value) best <- o
    }
    best
  }
  deltas <- log(c(0.1, 0.5, 2, 8))
  tau2s <- log(c(max(base$tau2, 0.05 * scale), scale))
  zero <- highest(function(x) loglik(x[1], 0, exp(x[2])), lapply(deltas, function(d) c(mu, d)))
  free <- highest(function(x) loglik(x[1], exp(x[3]), exp(x[2])),
                  unlist(lapply(tau2s, function(t) lapply(deltas, function(d) c(mu, d, t))), recursive = FALSE))
  interior <- free$value > zero$value + 1e-9
  best <- if (interior) free else zero
  x <- c(best$par[1], exp(best$par[-1]))
  if (abs(best$par[2]) > 8 || best$gradient > 1e-6) stop("the likelihood has no maximum: delta runs to a boundary")
  natural <- function(x) if (interior) loglik(x[1], x[3], x[2]) else loglik(x[1], 0, x[2])
  covariance <- solve(-hessian(natural, x))
  lrt <- 2 * (best$value - loglik(num(base$beta), base$tau2, 1))
  list(estimate = x[1], se = sqrt(covariance[1, 1]), tau2 = if (interior) x[3] else 0, delta = x[2],
       delta_se = sqrt(covariance[2, 2]), loglik = best$value, lrt = lrt, lrt_p = pchisq(max(lrt, 0), 1, lower.tail = FALSE),
       metafor = if (failed(start)) start else list(estimate = num(start$beta), se = num(start$se), tau2 = start$tau2,
                                                    delta = num(start$delta[2]), lrt = start$LRT))
}

# Ioannidis and Trikalinos (2007); the exact p adds up the Poisson-binomial law of the number of significant studies.
excess_significance <- function(yi, vi, alternative) {
  r <- tes(yi, vi, alternative = alternative, test = "chi2")
  law <- 1
  for (power in num(r$power)) law <- c(law * (1 - power), 0) + c(0, law * power)
  list(observed = r$O, expected = r$E, ratio = r$OEratio, theta = num(r$theta)[1], power = vec(r$power), chi2 = num(r$X2),
       p_chi2 = r$pval, p_binomial = tes(yi, vi, alternative = alternative, test = "binom")$pval,
       p_exact = sum(law[(r$O + 1):length(law)]))
}

small_study <- function(yi, vi, ni = NULL) {
  se <- sqrt(vi)
  out <- list(egger = safe(lm_test(yi ~ se, 1 / vi)), egger_random = safe(egger_random(yi, vi)),
              begg = safe({ r <- ranktest(yi, vi); list(tau = num(r$tau), p = r$pval) }),
              pet = safe({ r <- lm_test(yi ~ se, 1 / vi); list(estimate = r$limit, se = r$limit_se, p = r$limit_p,
                           ci_low = r$limit_ci_low, ci_high = r$limit_ci_high) }),
              peese = safe({ r <- lm_test(yi ~ vi, 1 / vi); list(estimate = r$limit, se = r$limit_se, p = r$limit_p,
                             ci_low = r$limit_ci_low, ci_high = r$limit_ci_high) }),
              trim_fill = trim_and_fill(yi, vi),
              selection = with_names(c("greater", "less", "two.sided"), function(a) selection_model(yi, vi, a)),
              excess_significance = with_names(c("greater", "less", "two.sided"),
                                               function(a) excess_significance(yi, vi, a)))
  if (!is.null(ni)) out$macaskill <- safe(lm_test(yi ~ ni, 1 / vi))
  out
}

# Tests for log odds ratios from the cells: Peters (2006) and Harbord (2006).
small_study_counts <- function(a, n1, c, n2) {
  b <- n1 - a
  d <- n2 - c
  N <- n1 + n2
  e <- escalc(measure = "OR", ai = a, n1i = n1, ci = c, n2i = n2)
  yi <- num(e$yi)
  keep <- (a + c > 0) & (b + d > 0)
  score <- a - (a + c) * n1 / N
  info <- (a + c) * (b + d) * n1 * n2 / (N^2 * (N - 1))
  list(peters = safe({
         inverse_n <- 1 / N[keep]
         y <- yi[keep]
         lm_test(y ~ inverse_n, 1 / (1 / (a + c) + 1 / (b + d))[keep])
       }),
       harbord = safe({
         ratio <- (score / info)[keep]
         root <- (1 / sqrt(info))[keep]
         lm_test(ratio ~ root, info[keep])
       }))
}

# ---- regression and subgroups -------------------------------------------------------------------------------------

regression <- function(yi, vi, X) {
  names_ <- colnames(X)
  with_names(c("REML_z", "REML_knha", "REML_adhoc", "DL_z", "DL_knha", "ML_z", "ML_knha"), function(case) {
    part <- strsplit(case, "_")[[1]]
    r <- fit(yi, vi, part[1], part[2], mods = X)
    new <- X[seq_len(min(3, nrow(X))), , drop = FALSE]
    at <- predict(r, newmods = new)
    list(terms = words(c("intercept", names_)), estimate = vec(r$beta), se = vec(r$se), statistic = vec(r$zval),
         p = vec(r$pval), ci_low = vec(r$ci.lb), ci_high = vec(r$ci.ub), df = df_of(r), vcov = vec(vcov(r)), tau2 = r$tau2,
         tau2_se = num(r$se.tau2), r2 = num(r$R2), i2 = r$I2, h2 = r$H2, qe = r$QE, qe_df = r$k - r$p, qe_p = r$QEp,
         qm = r$QM, qm_df = vec(r$QMdf), qm_p = r$QMp,
         first_three = list(estimate = vec(at$pred), se = vec(at$se), ci_low = vec(at$ci.lb), ci_high = vec(at$ci.ub),
                            pi_low = vec(at$pi.lb), pi_high = vec(at$pi.ub)))
  })
}

permutation <- function(yi, vi, X = NULL) {
  with_names(c("REML_z", "DL_z"), function(case) {
    r <- fit(yi, vi, sub("_z", "", case), mods = X)
    p <- permutest(r, exact = TRUE, progbar = FALSE)
    list(p = vec(p$pval), qm_p = num(p$QMp), permutations = if (is.null(X)) 2^length(yi) else factorial(length(yi)))
  })
}

subgroups <- function(yi, vi, group) {
  group <- as.character(group)
  labels <- sort(unique(group))
  with_names(c("REML", "DL"), function(method) {
    each <- lapply(labels, function(g) safe({
      i <- group == g
      r <- if (sum(i) > 1) fit(yi[i], vi[i], method) else fit(yi[i], vi[i], "EE")
      c(list(k = r$k, tau2 = r$tau2, i2 = r$I2, q = r$QE), line(r))
    }))
    names(each) <- labels
    e <- sapply(each, function(x) x$estimate)
    s <- sapply(each, function(x) x$se)
    between <- metafor::rma(e, sei = s, method = "EE")
    dummies <- sapply(labels, function(g) as.numeric(group == g))
    full <- fit(yi, vi, method, mods = dummies[, -1, drop = FALSE])
    means <- metafor::rma(yi, vi, mods = dummies, intercept = FALSE, method = method, control = control_for(yi, vi))
    knha <- fit(yi, vi, method, "knha", mods = dummies[, -1, drop = FALSE])
    list(separate = list(groups = each, q_between = between$QE, df = between$k - 1, p = between$QEp),
         shared = list(labels = words(labels), estimate = vec(means$beta), se = vec(means$se), tau2 = full$tau2,
                       q_between = full$QM, df = num(full$QMdf)[1], p = full$QMp, r2 = num(full$R2), qe = full$QE,
                       knha_f = knha$QM, knha_df = vec(knha$QMdf), knha_p = knha$QMp))
  })
}

# ---- several effects of one study ---------------------------------------------------------------------------------

# REML of y ~ N(X b, V + sum_j s_j G_j): average-information steps until they stand still, s_j kept at 0 or above.
reml_components <- function(yi, X, V, G, start) {
  s <- start
  for (iteration in 1:500) {
    Vi <- solve(V + Reduce(`+`, Map(`*`, s, G)))
    P <- Vi - Vi %*% X %*% solve(t(X) %*% Vi %*% X) %*% t(X) %*% Vi
    Py <- P %*% yi
    GPy <- sapply(G, function(g) g %*% Py)
    score <- sapply(seq_along(G), function(j) 0.5 * (sum(Py * GPy[, j]) - sum(P * G[[j]])))
    info <- 0.5 * sapply(seq_along(G), function(i) sapply(seq_along(G), function(j) sum((P %*% G[[i]]) * t(P %*% G[[j]]))))
    step <- solve(matrix(info, length(G)), score)
    new <- pmax(0, s + step)
    if (max(abs(new - s)) < 1e-15) break
    s <- new
  }
  stopifnot(all(abs(score[s > 0]) < 1e-7))
  s
}

cr2 <- function(res, cluster) {
  t <- clubSandwich::coef_test(res, vcov = "CR2", cluster = cluster, test = "Satterthwaite")
  ci <- clubSandwich::conf_int(res, vcov = "CR2", cluster = cluster, level = LEVEL, test = "Satterthwaite")
  list(estimate = vec(t$beta), se = vec(t$SE), statistic = vec(t$tstat), df = vec(t$df_Satt), p = vec(t$p_Satt),
       ci_low = vec(ci$CI_L), ci_high = vec(ci$CI_U))
}

three_level <- function(yi, V, cluster, X = NULL) {
  k <- length(yi)
  id <- seq_len(k)
  same <- outer(cluster, cluster, "==") * 1
  design <- cbind(rep(1, k), X)
  s <- reml_components(yi, design, V, list(same, diag(k)), rep(var(yi) / 2, 2))
  frame <- data.frame(cluster = cluster, id = id)
  r <- function(test, dfs) {
    if (is.null(X)) rma.mv(yi, V, random = ~ 1 | cluster / id, sigma2 = s, data = frame, test = test, dfs = dfs)
    else rma.mv(yi, V, mods = X, random = ~ 1 | cluster / id, sigma2 = s, data = frame, test = test, dfs = dfs)
  }
  full <- function(x) list(estimate = vec(x$beta), se = vec(x$se), statistic = vec(x$zval), df = vec(x$ddf), p = vec(x$pval),
                           ci_low = vec(x$ci.lb), ci_high = vec(x$ci.ub))
  z <- r("z", "residual")
  pick <- c("estimate", "se", "statistic", "p", "ci_low", "ci_high")
  list(sigma2_between = s[1], sigma2_within = s[2], loglik = num(logLik(z)), q = z$QE, q_df = k - ncol(design),
       z = full(z)[pick], t_residual = full(r("t", "residual")), t_contain = safe(full(r("t", "contain"))),
       cr2 = safe(cr2(z, cluster)))
}

clustered <- function(yi, vi, cluster, X = NULL) {
  same <- outer(cluster, cluster, "==")
  correlated <- function(rho) ifelse(same, rho, 0) * outer(sqrt(vi), sqrt(vi)) * (1 - diag(length(vi))) + diag(vi)
  out <- list(three_level = safe(three_level(yi, diag(vi), cluster)),
              correlated_effects_rho_0.5 = safe(three_level(yi, correlated(0.5), cluster)),
              correlated_effects_rho_0.8 = safe(three_level(yi, correlated(0.8), cluster)),
              two_level_reml_cr2 = safe(cr2(fit(yi, vi), cluster)),
              common_cr2 = safe(cr2(fit(yi, vi, "EE"), cluster)))
  if (!is.null(X)) {
    out$moderator <- words(colnames(X))
    out$three_level_regression <- safe(three_level(yi, diag(vi), cluster, X))
    out$two_level_regression_cr2 <- safe(cr2(fit(yi, vi, mods = X), cluster))
  }
  out
}

# ---- near-exact likelihoods ---------------------------------------------------------------------------------------

# Gauss-Hermite nodes with the weights times exp(x^2): eigenvalues of the Jacobi matrix, polished by Newton, and
# weights from orthonormal Hermite functions, which keeps them accurate in the tails.
hermite <- function(m) {
  J <- matrix(0, m, m)
  i <- seq_len(m - 1)
  J[cbind(i, i + 1)] <- J[cbind(i + 1, i)] <- sqrt(i / 2)
  x <- sort(eigen(J, symmetric = TRUE, only.values = TRUE)$values)
  functions <- function(x) {
    psi <- matrix(0, length(x), m + 1)
    psi[, 1] <- pi^-0.25 * exp(-x^2 / 2)
    psi[, 2] <- sqrt(2) * x * psi[, 1]
    for (j in 2:m) psi[, j + 1] <- sqrt(2 / j) * x * psi[, j] - sqrt((j - 1) / j) * psi[, j - 1]
    psi
  }
  for (polish in 1:4) {
    psi <- functions(x)
    x <- x - psi[, m + 1] / (sqrt(2 * m) * psi[, m])
  }
  list(x = x, w = 1 / rowSums(functions(x)[, 1:m]^2))
}

GRID <- hermite(41)

# log of the integral of exp(h(u)) for each study, h concave with its mode near `start`; `h`, `slope`, `curve` take a
# k x m matrix of u. Returns the log integrals, the nodes and their normalised weights.
log_integral <- function(h, slope, curve, k, grid = GRID) {
  u <- matrix(0, k, 1)
  for (iteration in 1:200) {
    step <- -slope(u) / curve(u)
    size <- rep(1, k)
    repeat {
      worse <- h(u + size * step) < h(u) - 1e-12
      if (!any(worse) || min(size) < 1e-8) break
      size[worse[, 1]] <- size[worse[, 1]] / 2
    }
    u <- u + size * step
    if (max(abs(step)) < 1e-13) break
  }
  sd <- 1 / sqrt(-curve(u))
  nodes <- u[, 1] + sqrt(2) * sd[, 1] %o% grid$x
  terms <- h(nodes) + matrix(log(grid$w), k, length(grid$x), byrow = TRUE)
  top <- apply(terms, 1, max)
  sums <- rowSums(exp(terms - top))
  list(value = top + log(sums) + log(sqrt(2) * sd[, 1]), nodes = nodes, weights = exp(terms - top) / sums)
}

# Newton's method with numerical derivatives from a good start, after quasi-Newton steps.
newton <- function(f, start) {
  o <- optim(start, function(p) { v <- f(p); if (is.finite(v)) -v else 1e10 }, method = "BFGS",
             control = list(reltol = 1e-11, maxit = 2000))
  par <- o$par
  for (iteration in 1:10) {
    step <- solve(hessian(f, par), grad(f, par))
    if (max(abs(step)) > 0.5) break
    if (f(par - step) >= f(par) - 1e-9) par <- par - step else break
    if (max(abs(step)) < 1e-10) break
  }
  list(par = par, value = f(par), gradient = max(abs(grad(f, par))))
}

log_binomial <- function(x, n, eta) x * plogis(eta, log.p = TRUE) + (n - x) * plogis(-eta, log.p = TRUE)

# Binomial-normal model of single-arm counts: x ~ Bin(n, expit(mu + tau u)), u ~ N(0, 1).
proportion_loglik <- function(x, n, mu, tau) {
  sum(log_integral(function(u) lchoose(n, x) + log_binomial(x, n, mu + tau * u) + dnorm(u, log = TRUE),
                   function(u) tau * (x - n * plogis(mu + tau * u)) - u,
                   function(u) -tau^2 * n * plogis(mu + tau * u) * plogis(-mu - tau * u) - 1, length(x))$value)
}

glmm_proportion <- function(x, n) {
  k <- length(x)
  X <- sum(x)
  N <- sum(n)
  if (X == 0 || X == N) {
    exact <- binom.test(X, N)$conf.int
    return(list(boundary = "no variation", events = X, total = N, clopper_pearson = vec(exact)))
  }
  loglik0 <- sum(dbinom(x, n, X / N, log = TRUE))
  f <- function(p) if (p[2] > 4) -Inf else proportion_loglik(x, n, p[1], exp(p[2]))
  best <- list(value = -Inf)
  if (k > 1) for (tau in c(0.1, 0.5, 1.5)) {
    o <- try(newton(f, c(qlogis(X / N), log(tau))), silent = TRUE)
    if (!inherits(o, "try-error") && o$value > best$value) best <- o
  }
  zero <- best$value - loglik0 < 1e-8
  if (zero) {
    mu <- qlogis(X / N)
    tau <- 0
    se <- se_given_tau <- sqrt(N / (X * (N - X)))
    loglik <- loglik0
  } else {
    mu <- best$par[1]
    tau <- exp(best$par[2])
    H <- -hessian(function(p) proportion_loglik(x, n, p[1], p[2]), c(mu, tau))
    se <- sqrt(solve(H)[1, 1])
    se_given_tau <- sqrt(1 / H[1, 1])
    loglik <- best$value
  }
  around <- function(quantile, spread) vec(mu + c(-1, 1) * quantile * spread)
  t1 <- if (k > 1) qt(1 - ALPHA / 2, k - 1) else NA
  t2 <- if (k > 2) qt(1 - ALPHA / 2, k - 2) else NA
  total <- sqrt(tau^2 + se^2)
  list(boundary = if (zero) "tau2 = 0" else "", mu = mu, se = se, se_given_tau = se_given_tau, tau = tau, tau2 = tau^2,
       loglik = loglik, loglik_tau0 = loglik0, lrt = 2 * (loglik - loglik0), ci_z = around(Z, se), ci_t = around(t1, se),
       pi_z = around(Z, total), pi_v = around(t1, total), pi_hts = around(t2, total), proportion = plogis(mu),
       population_mean = if (zero) plogis(mu) else
         integrate(function(u) plogis(mu + tau * u) * dnorm(u), -12, 12, rel.tol = 1e-12, subdivisions = 1000)$value,
       nodes = length(GRID$x))
}

lme4_proportion <- function(x, n) {
  d <- data.frame(x = x, n = n, id = factor(seq_along(x)))
  g <- lme4::glmer(cbind(x, n - x) ~ 1 + (1 | id), data = d, family = binomial, nAGQ = 25,
                   control = lme4::glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10)))
  list(mu = num(lme4::fixef(g)), se = sqrt(as.matrix(vcov(g))[1, 1]), tau2 = num(lme4::VarCorr(g)$id))
}

# Two arms on the log odds ratio, theta + tau u, with the baseline risk of each study treated in three ways.

# Fixed study effects: logits alpha +- (theta + tau u)/2 with alpha at its maximum (metafor's UM.FS).
fixed_study_loglik <- function(a, n1, c, n2, theta, tau) {
  integral <- function(alpha) {
    treated <- function(u) alpha + (theta + tau * u) / 2
    control <- function(u) alpha - (theta + tau * u) / 2
    log_integral(
      function(u) lchoose(n1, a) + lchoose(n2, c) + log_binomial(a, n1, treated(u)) + log_binomial(c, n2, control(u)) +
        dnorm(u, log = TRUE),
      function(u) tau / 2 * (a - n1 * plogis(treated(u)) - c + n2 * plogis(control(u))) - u,
      function(u) -tau^2 / 4 * (n1 * plogis(treated(u)) * plogis(-treated(u)) +
                                  n2 * plogis(control(u)) * plogis(-control(u))) - 1, length(a))
  }
  alpha <- qlogis((a + c + 0.5) / (n1 + n2 + 1))
  for (iteration in 1:200) {
    q <- integral(alpha)
    p1 <- plogis(alpha + (theta + tau * q$nodes) / 2)
    p2 <- plogis(alpha - (theta + tau * q$nodes) / 2)
    score <- a - n1 * p1 + c - n2 * p2
    mean <- rowSums(q$weights * score)
    slope <- rowSums(q$weights * (score^2 - n1 * p1 * (1 - p1) - n2 * p2 * (1 - p2))) - mean^2
    step <- -mean / pmin(slope, -1e-8)
    step <- pmax(-2, pmin(2, step))
    alpha <- alpha + step
    if (max(abs(step)) < 1e-11) break
  }
  sum(integral(alpha)$value)
}

# Random study effects: logits alpha + sigma v +- (theta + tau u)/2 with v, u independent (metafor's UM.RS), both
# integrated on a product grid placed and scaled at each study's mode.
random_study_loglik <- function(a, n1, c, n2, alpha, theta, sigma, tau, grid) {
  h <- function(v, u) log_binomial(a, n1, alpha + sigma * v + (theta + tau * u) / 2) +
    log_binomial(c, n2, alpha + sigma * v - (theta + tau * u) / 2) - (v^2 + u^2) / 2
  v <- u <- rep(0, length(a))
  for (iteration in 1:100) {
    p <- plogis(alpha + sigma * v + (theta + tau * u) / 2)
    q <- plogis(alpha + sigma * v - (theta + tau * u) / 2)
    r1 <- a - n1 * p
    r2 <- c - n2 * q
    w1 <- n1 * p * (1 - p)
    w2 <- n2 * q * (1 - q)
    hvv <- sigma^2 * (w1 + w2) + 1                 # the negative Hessian of h
    huu <- tau^2 / 4 * (w1 + w2) + 1
    hvu <- sigma * tau / 2 * (w1 - w2)
    gv <- sigma * (r1 + r2) - v
    gu <- tau / 2 * (r1 - r2) - u
    det <- hvv * huu - hvu^2
    dv <- (huu * gv - hvu * gu) / det
    du <- (hvv * gu - hvu * gv) / det
    size <- rep(1, length(a))
    repeat {
      worse <- h(v + size * dv, u + size * du) < h(v, u) - 1e-12
      if (!any(worse) || min(size) < 1e-8) break
      size[worse] <- size[worse] / 2
    }
    v <- v + size * dv
    u <- u + size * du
    if (max(abs(dv), abs(du)) < 1e-12) break
  }
  # Cholesky factor of the inverse Hessian: (l11, 0; l21, l22)
  l11 <- sqrt(huu / det)
  l21 <- -hvu / det / l11
  l22 <- sqrt(hvv / det - l21^2)
  g <- expand.grid(s = seq_along(grid$x), t = seq_along(grid$x))
  nodes_v <- v + sqrt(2) * l11 %o% grid$x[g$s]
  nodes_u <- u + sqrt(2) * (l21 %o% grid$x[g$s] + l22 %o% grid$x[g$t])
  terms <- h(nodes_v, nodes_u) + rep(log(grid$w[g$s]) + log(grid$w[g$t]), each = length(a))
  top <- apply(terms, 1, max)
  sum(lchoose(n1, a) + lchoose(n2, c) + top + log(rowSums(exp(terms - top))) + log(2 * l11 * l22) - log(2 * pi))
}

# Events in the treatment arm given both margins: Fisher's noncentral hypergeometric law (metafor's CM.EL).
conditional_loglik <- function(a, n1, c, n2, theta, tau) {
  k <- length(a)
  support <- lapply(seq_len(k), function(i) max(0, a[i] + c[i] - n2[i]):min(n1[i], a[i] + c[i]))
  counts <- lapply(seq_len(k), function(i) lchoose(n1[i], support[[i]]) + lchoose(n2[i], a[i] + c[i] - support[[i]]))
  moments <- function(u, what) {
    out <- u
    for (i in seq_len(k)) {
      e <- outer(theta + tau * u[i, ], support[[i]]) + rep(counts[[i]], each = ncol(u))
      top <- apply(e, 1, max)
      P <- exp(e - top)
      S <- rowSums(P)
      m <- num(P %*% support[[i]]) / S
      out[i, ] <- switch(what, logp = (theta + tau * u[i, ]) * a[i] + lchoose(n1[i], a[i]) + lchoose(n2[i], c[i]) - top - log(S),
                         mean = m, var = num(P %*% support[[i]]^2) / S - m^2)
    }
    out
  }
  sum(log_integral(function(u) moments(u, "logp") + dnorm(u, log = TRUE),
                   function(u) tau * (a - moments(u, "mean")) - u,
                   function(u) -tau^2 * moments(u, "var") - 1, k)$value)
}

# Maximum and full-Hessian standard error of (theta, tau) or (.., sigma, tau): `loglik` takes the unlogged parameters,
# the last `scales` of which are standard deviations.
maximum <- function(loglik, start, scales) {
  last <- length(start) - seq_len(scales) + 1   # empty when there is none
  unlog <- function(p) { p[last] <- exp(p[last]); p }
  f <- function(p) if (any(p[last] > 3) || any(p[last] < -12)) -Inf else loglik(unlog(p))
  start[last] <- log(start[last])
  best <- newton(f, start)
  x <- unlog(best$par)
  list(x = x, value = best$value, gradient = best$gradient, covariance = solve(-hessian(loglik, x)))
}

glmm_line <- function(theta, se) {
  list(estimate = theta, se = se, statistic = theta / se, p = 2 * pnorm(-abs(theta / se)), ci_low = theta - Z * se,
       ci_high = theta + Z * se)
}

# With theta and tau alone: compare the best tau with tau = 0.
theta_tau_model <- function(loglik) {
  zero <- newton(function(t) loglik(t, 0), 0)
  zero_se <- sqrt(-1 / num(hessian(function(t) loglik(t, 0), zero$par)))
  best <- list(value = -Inf)
  for (tau in c(0.15, 0.6)) {
    o <- try(maximum(function(p) loglik(p[1], p[2]), c(zero$par, tau), 1), silent = TRUE)
    if (!inherits(o, "try-error") && o$value > best$value) best <- o
  }
  if (best$value - zero$value < 1e-8)
    return(c(list(boundary = "tau2 = 0", tau2 = 0, loglik = zero$value), glmm_line(zero$par, zero_se)))
  c(list(boundary = "", tau2 = best$x[2]^2, loglik = best$value, lrt = 2 * (best$value - zero$value)),
    glmm_line(best$x[1], sqrt(best$covariance[1, 1])))
}

# Either standard deviation may be best at zero: every combination is tried, and a free one kept only when it gains.
random_study_model <- function(a, n1, c, n2) {
  coarse <- hermite(11)
  fine <- hermite(21)
  model <- function(grid, p, sigma, tau) random_study_loglik(a, n1, c, n2, p[1], p[2], sigma, tau, grid)
  arm <- rep(c(0.5, -0.5), each = length(a))
  plain <- glm(cbind(c(a, c), c(n1 - a, n2 - c)) ~ arm, family = binomial, control = list(epsilon = 1e-15, maxit = 100))
  start <- num(coef(plain))
  with_scales <- function(grid, s) switch(s,
    none = function(p) model(grid, p, 0, 0), sigma = function(p) model(grid, p, p[3], 0),
    tau = function(p) model(grid, p, 0, p[3]), both = function(p) model(grid, p, p[3], p[4]))
  kinds <- c(none = 0, sigma = 1, tau = 1, both = 2)
  kind <- NULL
  for (s in names(kinds)) {
    try_ <- safe(maximum(with_scales(coarse, s), c(start, rep(0.4, kinds[[s]])), kinds[[s]]))
    if (!failed(try_) && (is.null(kind) || try_$value > rough$value + 1e-7)) {
      kind <- s
      rough <- try_
    }
  }
  best <- maximum(with_scales(fine, kind), rough$x, kinds[[kind]])
  x <- best$x
  sigma <- if (kind %in% c("sigma", "both")) x[3] else 0
  tau <- if (kind %in% c("tau", "both")) x[length(x)] else 0
  c(list(boundary = if (tau == 0) "tau2 = 0" else "", tau2 = tau^2, sigma2 = sigma^2, intercept = x[1], loglik = best$value,
         gradient = best$gradient), glmm_line(x[2], sqrt(best$covariance[2, 2])))
}

glmm_two_arm <- function(a, n1, c, n2) {
  keep <- (a + c > 0) & (a + c < n1 + n2)
  a <- a[keep]; n1 <- n1[keep]; c <- c[keep]; n2 <- n2[keep]
  witness <- function(model, ...) safe({
    r <- rma.glmm(measure = "OR", ai = a, n1i = n1, ci = c, n2i = n2, model = model, ...)
    list(estimate = num(r$beta), se = num(r$se), tau2 = r$tau2, sigma2 = num(r$sigma2), loglik = num(logLik(r)),
         q_wald = r$QE.Wld, q_lrt = r$QE.LRT, q_df = r$QE.df)
  })
  tight <- list(glmerCtrl = list(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10)))
  list(included = vec(which(keep) - 1),
       UM.FS = safe(theta_tau_model(function(theta, tau) fixed_study_loglik(a, n1, c, n2, theta, tau))),
       UM.RS = safe(random_study_model(a, n1, c, n2)),
       CM.EL = safe(theta_tau_model(function(theta, tau) conditional_loglik(a, n1, c, n2, theta, tau))),
       metafor = list(UM.FS = witness("UM.FS", nAGQ = 25, control = tight),
                      UM.RS_laplace = witness("UM.RS", nAGQ = 1, control = tight),
                      CM.EL = witness("CM.EL", control = list(intCtrl = list(rel.tol = 1e-9, subdivisions = 1000)))))
}

# ---- study-level intervals ----------------------------------------------------------------------------------------

root <- function(f, low, high) {
  if (f(low) == 0) return(low)
  if (f(high) == 0) return(high)
  uniroot(f, c(low, high), tol = 1e-15, maxiter = 10000)$root
}

mid_p <- function(x, n) {
  upper_tail <- function(p) pbinom(x, n, p, lower.tail = FALSE) + dbinom(x, n, p) / 2
  lower_tail <- function(p) pbinom(x - 1, n, p) + dbinom(x, n, p) / 2
  c(if (x == 0) 0 else root(function(p) upper_tail(p) - ALPHA / 2, 0, 1),
    if (x == n) 1 else root(function(p) lower_tail(p) - ALPHA / 2, 0, 1))
}

# Newcombe (1998), method 4: the score interval with continuity correction.
wilson_corrected <- function(x, n) {
  p <- x / n
  low <- (2 * n * p + Z^2 - 1 - Z * sqrt(Z^2 - 2 - 1 / n + 4 * p * (n * (1 - p) + 1))) / (2 * (n + Z^2))
  high <- (2 * n * p + Z^2 + 1 + Z * sqrt(Z^2 + 2 - 1 / n + 4 * p * (n * (1 - p) - 1))) / (2 * (n + Z^2))
  c(if (x == 0) 0 else max(0, low), if (x == n) 1 else min(1, high))
}

proportion_intervals <- function(x, n) {
  methods <- list(
    wilson = function(x, n) prop.test(x, n, correct = FALSE)$conf.int,
    "wilson-cc" = wilson_corrected,
    "clopper-pearson" = function(x, n) binom.test(x, n)$conf.int,
    "agresti-coull" = function(x, n) { N <- n + Z^2; p <- (x + Z^2 / 2) / N; p + c(-1, 1) * Z * sqrt(p * (1 - p) / N) },
    jeffreys = function(x, n) c(if (x == 0) 0 else qbeta(ALPHA / 2, x + 0.5, n - x + 0.5),
                                if (x == n) 1 else qbeta(1 - ALPHA / 2, x + 0.5, n - x + 0.5)),
    "mid-p" = mid_p,
    wald = function(x, n) { p <- x / n; p + c(-1, 1) * Z * sqrt(p * (1 - p) / n) })
  lapply(methods, function(f) {
    ends <- quiet(mapply(f, x, n))
    list(low = vec(ends[1, ]), high = vec(ends[2, ]))
  })
}

# Score statistic of Miettinen and Nurminen (1985) for a difference (or ratio) of two proportions; the control risk
# under the hypothesis maximises the constrained likelihood, found as the root of its derivative.
constrained_control <- function(a, n1, c, n2, treated, slope, low, high) {
  derivative <- function(q) {
    p <- treated(q)
    left <- if (a > 0) a / p * slope else 0
    left <- left - if (n1 > a) (n1 - a) / (1 - p) * slope else 0
    left + (if (c > 0) c / q else 0) - (if (n2 > c) (n2 - c) / (1 - q) else 0)
  }
  inset <- 1e-15 + 1e-14 * (high - low)
  if (derivative(low + inset) <= 0) return(low)
  if (derivative(high - inset) >= 0) return(high)
  uniroot(derivative, c(low + inset, high - inset), tol = 1e-16, maxiter = 10000)$root
}

difference_statistic <- function(a, n1, c, n2, delta) {
  q <- constrained_control(a, n1, c, n2, function(q) q + delta, 1, max(0, -delta), min(1, 1 - delta))
  p <- min(1, max(0, q + delta))
  v <- (p * (1 - p) / n1 + q * (1 - q) / n2) * (n1 + n2) / (n1 + n2 - 1)
  gap <- a / n1 - c / n2 - delta
  if (v <= 0) sign(gap) * (if (abs(gap) < 1e-14) 0 else Inf) else gap / sqrt(v)
}

ratio_statistic <- function(a, n1, c, n2, ratio, correction) {
  q <- constrained_control(a, n1, c, n2, function(q) q * ratio, ratio, 0, min(1, 1 / ratio))
  p <- min(1, q * ratio)
  v <- (p * (1 - p) / n1 + ratio^2 * q * (1 - q) / n2) * correction
  gap <- a / n1 - ratio * c / n2
  if (v <= 0) sign(gap) * (if (abs(gap) < 1e-14) 0 else Inf) else gap / sqrt(v)
}

bounded <- function(x) max(-1e6, min(1e6, x))

score_difference <- function(a, n1, c, n2) {
  f <- function(target) function(delta) bounded(difference_statistic(a, n1, c, n2, delta)) - target
  d <- a / n1 - c / n2
  c(if (d == -1) -1 else root(f(Z), -1 + 1e-14, d), if (d == 1) 1 else root(f(-Z), d, 1 - 1e-14))
}

score_ratio <- function(a, n1, c, n2, correction) {
  if (a == 0 && c == 0) return(c(0, Inf))
  f <- function(target) function(log_ratio) bounded(ratio_statistic(a, n1, c, n2, exp(log_ratio), correction)) - target
  r <- (a / n1) / (c / n2)
  middle <- if (a == 0) -12 else if (c == 0) 12 else log(r)
  c(if (a == 0) 0 else exp(root(f(Z), -14, middle)), if (c == 0) Inf else exp(root(f(-Z), middle, 14)))
}

newcombe_difference <- function(a, n1, c, n2) {
  w1 <- quiet(prop.test(a, n1, correct = FALSE))$conf.int
  w2 <- quiet(prop.test(c, n2, correct = FALSE))$conf.int
  p <- a / n1
  q <- c / n2
  c(p - q - sqrt((p - w1[1])^2 + (w2[2] - q)^2), p - q + sqrt((w1[2] - p)^2 + (q - w2[1])^2))
}

two_arm_intervals <- function(a, n1, c, n2) {
  collect <- function(f) safe({ ends <- quiet(mapply(f, a, n1, c, n2)); list(low = vec(ends[1, ]), high = vec(ends[2, ])) })
  list(difference = list(
         newcombe = collect(newcombe_difference), "miettinen-nurminen" = collect(score_difference),
         wald = collect(function(a, n1, c, n2) { p <- a / n1; q <- c / n2
                        p - q + c(-1, 1) * Z * sqrt(p * (1 - p) / n1 + q * (1 - q) / n2) })),
       ratio = list(
         "miettinen-nurminen" = collect(function(a, n1, c, n2) score_ratio(a, n1, c, n2, (n1 + n2) / (n1 + n2 - 1))),
         koopman = collect(function(a, n1, c, n2) score_ratio(a, n1, c, n2, 1)),
         katz = collect(function(a, n1, c, n2) exp(log((a / n1) / (c / n2)) + c(-1, 1) * Z * sqrt(1 / a - 1 / n1 + 1 / c - 1 / n2)))))
}

# ---- Mantel-Haenszel and Peto -------------------------------------------------------------------------------------

mh_line <- function(r) {
  list(estimate = num(r$beta), se = num(r$se), statistic = num(r$zval), p = num(r$pval), ci_low = num(r$ci.lb),
       ci_high = num(r$ci.ub), q = num(r$QE), q_df = num(r$k.yi - 1), q_p = num(r$QEp), i2 = num(r$I2))
}

mantel_haenszel <- function(a, n1, c, n2) {
  one <- function(measure, add, to, drop = TRUE) {
    r <- rma.mh(measure = measure, ai = a, n1i = n1, ci = c, n2i = n2, add = c(0.5, add), to = c("only0", to),
                drop00 = c(TRUE, drop))
    out <- mh_line(r)
    if (measure == "OR") out <- c(out, list(cmh = num(r$MH), cmh_p = num(r$MHp), tarone = num(r$TA), tarone_p = num(r$TAp)))
    out
  }
  with_names(c("OR", "RR", "RD"), function(measure)
    list(exact = safe(one(measure, 0, "none")), corrected = safe(one(measure, 0.5, "only0")),
         exact_all_tables = safe(one(measure, 0, "none", drop = FALSE))))
}

# ---- datasets by kind ---------------------------------------------------------------------------------------------

effects <- function(...) {
  e <- escalc(...)
  list(yi = num(e$yi), vi = num(e$vi))
}

as_effects <- function(e) list(yi = vec(e$yi), vi = vec(e$vi))

# All that is said about one list of effects; `deep` has every estimator, the sensitivity and small-study sections.
measure_block <- function(e, deep = FALSE, order = NULL, ni = NULL, estimators = if (deep) ESTIMATORS else c("REML", "DL")) {
  ok <- is.finite(e$yi) & is.finite(e$vi)
  out <- list(effects = as_effects(e), included = vec(which(ok) - 1))
  out <- c(out, safe(pooled(e$yi[ok], e$vi[ok], estimators)))
  if (deep) out <- c(out, sensitivity(e$yi[ok], e$vi[ok], order[ok]), list(bias = small_study(e$yi[ok], e$vi[ok], ni[ok])))
  out
}

proportions <- function(x, n) {
  measures <- with_names(c("PLO", "PAS", "PR", "PLN", "PFT"), function(measure)
    measure_block(effects(measure = measure, xi = x, ni = n), deep = measure == "PLO", ni = n, estimators = if (measure %in% c("PLO", "PR")) ESTIMATORS else c("REML", "DL")))
  ft <- measures$PFT
  if (!failed(ft) && !failed(ft$common)) {
    back <- function(l) safe(vec(transf.ipft.hm(c(l$estimate, l$ci_low, l$ci_high), targs = list(ni = n))))
    measures$PFT$back_transformed <- list(harmonic_mean_n = 1 / mean(1 / n), common_z = back(ft$common$z),
                                          REML_z = if (failed(ft$random$REML)) ft$random$REML else back(ft$random$REML$z))
  }
  list(study_intervals = proportion_intervals(x, n), measures = measures,
       glmm = list(near_exact = safe(glmm_proportion(x, n)), lme4_nagq25 = safe(lme4_proportion(x, n))))
}

# Treatment-arm correction (Sweeting 2004): tables with a zero get n1/N in the treated and n2/N in the control cells.
treatment_arm_effects <- function(measure, a, n1, c, n2) {
  add <- ifelse(a == 0 | c == 0 | a == n1 | c == n2, 1, 0)
  t1 <- add * n1 / (n1 + n2)
  t2 <- add * n2 / (n1 + n2)
  effects(measure = measure, ai = a + t1, bi = n1 - a + t1, ci = c + t2, di = n2 - c + t2, drop00 = FALSE, add = 0, to = "none")
}

corrections <- function(a, n1, c, n2) {
  with_names(c("OR", "RR", "RD"), function(measure) {
    out <- with_names(c("only0", "all", "if0all", "none"), function(to)
      as_effects(effects(measure = measure, ai = a, n1i = n1, ci = c, n2i = n2, to = to, drop00 = FALSE)))
    if (measure == "OR") out$tacc <- as_effects(treatment_arm_effects(measure, a, n1, c, n2))
    out
  })
}

two_arm_counts <- function(a, n1, c, n2, order = NULL, X = list(), group = list(), exact_permutation = FALSE) {
  measures <- with_names(c("OR", "RR", "RD", "AS", "PETO"), function(measure) {
    e <- effects(measure = measure, ai = a, n1i = n1, ci = c, n2i = n2, drop00 = measure %in% c("OR", "RR", "PETO"))
    ok <- is.finite(e$yi) & is.finite(e$vi)
    block <- measure_block(e, measure %in% c("OR", "RR", "RD"), order, n1 + n2)
    if (measure %in% c("OR", "RR", "RD")) {
      for (name in names(X)) block$regression[[name]] <- safe(regression(e$yi[ok], e$vi[ok], X[[name]][ok, , drop = FALSE]))
      for (name in names(group)) block$subgroups[[name]] <- safe(subgroups(e$yi[ok], e$vi[ok], group[[name]][ok]))
    }
    if (measure == "OR") block$bias <- c(block$bias, small_study_counts(a, n1, c, n2))
    if (exact_permutation && measure == "RR") {
      block$permutation$mean <- safe(permutation(e$yi[ok], e$vi[ok]))
      for (name in names(X)) block$permutation[[name]] <- safe(permutation(e$yi[ok], e$vi[ok], X[[name]][ok, , drop = FALSE]))
    }
    block
  })
  list(study_intervals = two_arm_intervals(a, n1, c, n2), corrections = corrections(a, n1, c, n2), measures = measures,
       mh = mantel_haenszel(a, n1, c, n2), peto = safe(mh_line(rma.peto(ai = a, n1i = n1, ci = c, n2i = n2))),
       glmm = safe(glmm_two_arm(a, n1, c, n2)))
}

# The standardised mean difference without correction for small samples, and its large-sample variance.
cohen_d <- function(m1, s1, n1, m2, s2, n2) {
  d <- (m1 - m2) / sqrt(((n1 - 1) * s1^2 + (n2 - 1) * s2^2) / (n1 + n2 - 2))
  list(yi = d, vi = 1 / n1 + 1 / n2 + d^2 / (2 * (n1 + n2)))
}

two_arm_means <- function(m1, s1, n1, m2, s2, n2) {
  cases <- list(MD = list(measure = "MD"), MD_homoscedastic = list(measure = "MD", vtype = "HO"),
                SMD_LS = list(measure = "SMD"), SMD_LS2 = list(measure = "SMD", vtype = "LS2"),
                SMD_UB = list(measure = "SMD", vtype = "UB"), 
                SMDH = list(measure = "SMDH"), SMD1 = list(measure = "SMD1"), ROM = list(measure = "ROM"))
  df <- n1 + n2 - 2
  list(j_exact = vec(exp(lgamma(df / 2) - log(df / 2) / 2 - lgamma((df - 1) / 2))), j_approx = vec(1 - 3 / (4 * df - 1)),
       measures = with_names(c(names(cases), "SMD_uncorrected"), function(name) {
         e <- if (name == "SMD_uncorrected") cohen_d(m1, s1, n1, m2, s2, n2)
              else do.call(effects, c(cases[[name]], list(m1i = m1, sd1i = s1, n1i = n1, m2i = m2, sd2i = s2, n2i = n2)))
         measure_block(e, name %in% c("MD", "SMD_LS"), NULL, n1 + n2)
       }))
}

# post minus pre; SMCR and SMCRH are standardised by the SD before.
change <- function(post, pre, sd_post, sd_pre, n, r) {
  cases <- list(MC = list(measure = "MC", sd1i = sd_post, sd2i = sd_pre), SMCC = list(measure = "SMCC", sd1i = sd_post, sd2i = sd_pre),
                SMCR = list(measure = "SMCR", sd1i = sd_pre), SMCRH = list(measure = "SMCRH", sd1i = sd_pre, sd2i = sd_post))
  list(measures = with_names(names(cases), function(name)
    measure_block(do.call(effects, c(cases[[name]], list(m1i = post, m2i = pre, ni = n, ri = r))))))
}

generic <- function(yi, vi, ni = NULL, order = NULL, X = list(), group = list(), cluster = NULL, clustered_X = NULL,
                    exact_permutation = FALSE) {
  block <- measure_block(list(yi = yi, vi = vi), TRUE, order, ni)
  for (name in names(X)) block$regression[[name]] <- safe(regression(yi, vi, X[[name]]))
  for (name in names(group)) block$subgroups[[name]] <- safe(subgroups(yi, vi, group[[name]]))
  if (exact_permutation) block$permutation$mean <- safe(permutation(yi, vi))
  if (!is.null(cluster)) block$clustered <- clustered(yi, vi, cluster, clustered_X)
  list(measures = list(GEN = block))
}

column <- function(...) {
  m <- cbind(...)
  storage.mode(m) <- "double"
  m
}

# ---- the datasets -------------------------------------------------------------------------------------------------

DATASETS <- list(
  bcg = list("two_arm_counts", c(events1 = "tpos", total1 = "n1i", events2 = "cpos", total2 = "n2i", order = "year"), function(d)
    two_arm_counts(d$tpos, d$n1i, d$cpos, d$n2i, d$year, list(ablat = column(ablat = d$ablat),
                   ablat_year = column(ablat = d$ablat, year = d$year)), list(alloc = d$alloc))),
  collins1985a = list("two_arm_counts", c(events1 = "b.xti", total1 = "nti", events2 = "b.xci", total2 = "nci", order = "year"), function(d)
    two_arm_counts(d$b.xti, d$nti, d$b.xci, d$nci, d$year)),
  nielweise2007 = list("two_arm_counts", c(events1 = "ai", total1 = "n1i", events2 = "ci", total2 = "n2i"), function(d)
    two_arm_counts(d$ai, d$n1i, d$ci, d$n2i)),
  hine1989 = list("two_arm_counts", c(events1 = "ai", total1 = "n1i", events2 = "ci", total2 = "n2i"), function(d)
    two_arm_counts(d$ai, d$n1i, d$ci, d$n2i, exact_permutation = TRUE)),
  Fleiss1993bin = list("two_arm_counts", c(events1 = "d.asp", total1 = "n.asp", events2 = "d.plac", total2 = "n.plac", order = "year"), function(d)
    two_arm_counts(d$d.asp, d$n.asp, d$d.plac, d$n.plac, d$year, list(year = column(year = d$year - 1980)), exact_permutation = TRUE)),
  edge_bin2_zero_cells = list("two_arm_counts", c(events1 = "ai", total1 = "n1i", events2 = "ci", total2 = "n2i"), function(d)
    two_arm_counts(d$ai, d$n1i, d$ci, d$n2i)),
  pritz1997 = list("proportions", c(events = "xi", total = "ni"), function(d) proportions(d$xi, d$ni)),
  edge_all_events = list("proportions", c(events = "events", total = "total"), function(d) proportions(d$events, d$total)),
  edge_all_zero = list("proportions", c(events = "events", total = "total"), function(d) proportions(d$events, d$total)),
  edge_k1 = list("proportions", c(events = "events", total = "total"), function(d) proportions(d$events, d$total)),
  edge_k2 = list("proportions", c(events = "events", total = "total"), function(d) proportions(d$events, d$total)),
  edge_tau0 = list("proportions", c(events = "events", total = "total"), function(d) proportions(d$events, d$total)),
  normand1999 = list("two_arm_means", c(m1 = "m1i", sd1 = "sd1i", n1 = "n1i", m2 = "m2i", sd2 = "sd2i", n2 = "n2i"), function(d)
    two_arm_means(d$m1i, d$sd1i, d$n1i, d$m2i, d$sd2i, d$n2i)),
  morris2008 = list("change", c(m_post = "m_post", m_pre = "m_pre", sd_post = "sd_post", sd_pre = "sd_pre", n = "n", r = "r"), function(d)
    change(d$m_post, d$m_pre, d$sd_post, d$sd_pre, d$n, d$r)),
  hackshaw1998 = list("generic", c(yi = "yi", vi = "vi", order = "year"), function(d)
    generic(d$yi, d$vi, order = d$year, group = list(design = d$design))),
  raudenbush1985 = list("generic", c(yi = "yi", vi = "vi", order = "year"), function(d)
    generic(d$yi, d$vi, d$n1i + d$n2i, d$year, list(weeks = column(weeks = d$weeks.c)), list(tester = d$tester))),
  konstantopoulos2011 = list("generic", c(yi = "yi", vi = "vi", cluster = "district"), function(d)
    generic(d$yi, d$vi, cluster = d$district, clustered_X = column(year = d$year - 2000))),
  hksj_narrow_k3 = list("generic", c(yi = "yi", vi = "vi"), function(d) generic(d$yi, d$vi, exact_permutation = TRUE)))

VERSIONS <- c(list(r = paste(R.version$major, R.version$minor, sep = ".")),
              lapply(c(metafor = "metafor", metadat = "metadat", lme4 = "lme4", club_sandwich = "clubSandwich",
                       num_deriv = "numDeriv", jsonlite = "jsonlite"), function(p) as.character(packageVersion(p))))

chosen <- commandArgs(TRUE)
if (length(chosen) == 0) chosen <- names(DATASETS)
for (name in chosen) {
  spec <- DATASETS[[name]]
  data <- read.csv(file.path("data", paste0(name, ".csv")), stringsAsFactors = FALSE)
  needed <- spec[[2]][names(spec[[2]]) != "order"]
  whole <- sapply(data, is.integer)
  data[whole] <- lapply(data[whole], as.numeric)   # products of large counts overflow integers
  kept <- complete.cases(data[, needed])
  started <- proc.time()[[3]]
  result <- c(list(dataset = name, kind = spec[[1]], columns = as.list(spec[[2]]), rows = vec(which(kept) - 1), level = LEVEL,
                   versions = VERSIONS), spec[[3]](data[kept, ]))
  text <- toJSON(result, auto_unbox = TRUE, digits = I(16), na = "string", null = "null", pretty = 1)
  text <- gsub("\n *(?=[^\\[\\]{}]*\\])", " ", text, perl = TRUE)   # one array to a line
  writeLines(text, file.path("pinned", paste0(name, ".json")))
  cat(sprintf("%-22s %5.1f s %7d bytes\n", name, proc.time()[[3]] - started, nchar(text)))
}
