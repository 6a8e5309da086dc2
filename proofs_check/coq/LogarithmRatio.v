(* ln(1+y)/y near y = 0: with z >= y the bound ln(1+z)/z + (z-y)/2 exists at y = 0 too. *)
From Coq Require Import Reals Lra Lia.
From Mada Require Import Logarithm DecouplingAnyDenominator.
Local Open Scope R_scope.

(* ln y <= sqrt y - 1/sqrt y: with z = sqrt y the difference of the sides has the derivative (z-1)^2/z^2. *)
Lemma ln_root_gap z : 1 <= z -> 2 * ln z <= z - / z.
Proof.
  intros [H | <-]; [|rewrite ln_1, Rinv_1; lra].
  set (f := fun z => z - 1 / z - 2 * ln z).
  assert (D : forall y, 1 <= y <= z -> derivable_pt_lim f y (1 - (0 * y - 1 * 1) / y² - 2 * / y)).
  { intros y Hy. apply derivable_pt_lim_minus.
    - apply (derivable_pt_lim_minus id (fun z => 1 / z)); [apply derivable_pt_lim_id|].
      apply (derivable_pt_lim_div (fct_cte 1) id);
          [apply derivable_pt_lim_const | apply derivable_pt_lim_id | unfold id; lra].
    - apply (derivable_pt_lim_scal ln), derivable_pt_lim_ln. lra. }
  destruct (MVT_cor2 f _ 1 z H D) as (y & Hy & Hy1).
  assert (P : 0 <= 1 - (0 * y - 1 * 1) / y² - 2 * / y).
  { replace (1 - (0 * y - 1 * 1) / y² - 2 * / y) with ((y - 1)² * / y²) by (unfold Rsqr; field; lra).
    apply Rmult_le_pos; [apply Rle_0_sqr | left; apply Rinv_0_lt_compat, Rlt_0_sqr; lra]. }
  apply Rmult_le_compat_r with (r := z - 1) in P; [|lra]. unfold f in Hy. rewrite ln_1 in Hy.
  unfold Rdiv in Hy. rewrite Rinv_1 in Hy. unfold Rdiv in P. lra.
Qed.

(* ln(1+y) <= y/sqrt(1+y) <= y/(1+y) + y^2/2 *)
Lemma ln_second_order y : 0 <= y -> ln (1 + y) <= y / (1 + y) + y² / 2.
Proof.
  intros Hy. set (s := sqrt (1 + y)).
  assert (E : s * s = 1 + y) by (apply sqrt_sqrt; lra).
  assert (S1 : 1 <= s) by (rewrite <- sqrt_1; apply sqrt_le_1_alt; lra).
  pose proof (ln_root_gap s S1) as H.
  replace (ln (1 + y)) with (2 * ln s) by (rewrite <- E, ln_mult by lra; ring).
  apply Rle_trans with (1 := H). rewrite <- E. replace y with (s * s - 1) by lra.
  apply Rmult_le_reg_r with (2 * (s * s)); [apply Rmult_lt_0_compat; [lra|]; apply Rmult_lt_0_compat; lra|].
  replace ((s - / s) * (2 * (s * s))) with (s * (s - 1) * (s + 1) * 2) by (field; lra).
  replace (((s * s - 1) / (s * s) + (s * s - 1)² / 2) * (2 * (s * s)))
    with ((s - 1) * (s + 1) * 2 + (s - 1) * (s + 1) * ((s - 1) * (s + 1)) * (s * s)) by (unfold Rsqr; field; lra).
  assert (K : 0 <= (s - 1) * (s + 1) * (s - 1) * ((s + 1) * (s * s) - 2)).
  { apply Rmult_le_pos; [apply Rmult_le_pos; [apply Rmult_le_pos|]; lra|].
    assert (1 * 1 <= s * s) by (apply Rmult_le_compat; lra).
    assert (2 * 1 <= (s + 1) * (s * s)) by (apply Rmult_le_compat; lra). lra. }
  lra.
Qed.

Lemma log_ratio_slope y z : 0 < y <= z -> ln (1 + y) / y <= ln (1 + z) / z + (z - y) / 2.
Proof.
  intros [Hy [H | <-]]; [|lra].
  set (f := fun t => ln (1 + t) / t + t / 2).
  assert (D : forall t, y <= t <= z -> derivable_pt_lim f t ((/ (1 + t) * (0 + 1) * t - 1 * ln (1 + t)) / t² + 1 / 2)).
  { intros t Ht. apply (derivable_pt_lim_plus (fun t => ln (1 + t) / t) (fun t => t / 2)).
    - apply (derivable_pt_lim_div (fun t => ln (1 + t)) id); [|apply derivable_pt_lim_id | unfold id; lra].
      apply (derivable_pt_lim_comp (fun t => 1 + t) ln); [|apply derivable_pt_lim_ln; lra].
      apply (derivable_pt_lim_plus (fct_cte 1) id); [apply derivable_pt_lim_const | apply derivable_pt_lim_id].
    - replace (1 / 2) with (1 * / 2 + t * 0) by field.
      apply (derivable_pt_lim_mult id (fct_cte (/ 2))); [apply derivable_pt_lim_id | apply derivable_pt_lim_const]. }
  destruct (MVT_cor2 f _ y z H D) as (t & Ht & Hyz).
  assert (P : 0 <= (/ (1 + t) * (0 + 1) * t - 1 * ln (1 + t)) / t² + 1 / 2).
  { pose proof (ln_second_order t ltac:(lra)) as S. pose proof (Rlt_0_sqr t ltac:(lra)) as T.
    apply Rmult_le_reg_r with (t²); [auto|]. rewrite Rmult_0_l.
    replace (((/ (1 + t) * (0 + 1) * t - 1 * ln (1 + t)) / t² + 1 / 2) * t²)
      with (t / (1 + t) + t² / 2 - ln (1 + t)) by (field; lra). lra. }
  apply Rmult_le_compat_r with (r := z - y) in P; [|lra]. unfold f in Ht. lra.
Qed.

Lemma log_ratio_at_zero z : 0 < z -> 1 <= ln (1 + z) / z + z / 2.
Proof.
  intros Hz. pose proof (ln_pade (1 + z) ltac:(lra)) as H.
  apply Rmult_le_reg_r with z; [auto|].
  replace ((ln (1 + z) / z + z / 2) * z) with (ln (1 + z) + z * z / 2) by (field; lra).
  assert (K : z - z * z / 2 <= 2 * (1 + z - 1) / (1 + z + 1)); [|lra].
  apply Rmult_le_reg_r with (1 + z + 1); [lra|].
  replace (2 * (1 + z - 1) / (1 + z + 1) * (1 + z + 1)) with (2 * z) by (field; lra).
  assert (0 <= z * z * z) by (apply Rmult_le_pos; [apply Rmult_le_pos|]; lra). lra.
Qed.

(* At most the package's form, z = max(y, 2^-20). *)
Definition log1p_over (y : R) : R :=
  ln (1 + Rmax y (1 / 1048576)) / Rmax y (1 / 1048576) + (Rmax y (1 / 1048576) - y) / 2.

Theorem log1p_over_above y : 0 < y -> ln (1 + y) / y <= log1p_over y.
Proof. intros Hy. apply log_ratio_slope. split; [auto | apply Rmax_l]. Qed.

Lemma log1p_over_at_zero : 1 <= log1p_over 0.
Proof.
  unfold log1p_over. rewrite Rmax_right by lra.
  pose proof (log_ratio_at_zero (1 / 1048576) ltac:(lra)). lra.
Qed.
